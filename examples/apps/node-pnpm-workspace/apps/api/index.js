const Koa = require("koa");
const { greet } = require("@workspace/greeting");

const app = new Koa();

app.use((context) => {
  context.body = context.path === "/health" ? "ok\n" : greet("world");
});

app.listen(process.env.PORT || 4000);
