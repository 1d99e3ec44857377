import { Controller, Get, Module } from "@nestjs/common";

@Controller()
export class CatsController {
  @Get()
  cats(): string[] {
    return ["Grey"];
  }

  @Get("health")
  health(): { status: string } {
    return { status: "ok" };
  }
}

@Module({ controllers: [CatsController] })
export class CatsModule {}
