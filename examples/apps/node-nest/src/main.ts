import "reflect-metadata";
import { NestFactory } from "@nestjs/core";
import { CatsModule } from "./cats.module";

async function main(): Promise<void> {
  const app = await NestFactory.create(CatsModule);
  await app.listen(process.env.PORT ?? 3000, "0.0.0.0");
}

void main();
