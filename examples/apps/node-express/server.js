const express = require("express");

const app = express();
const port = process.env.PORT || 3000;

app.get("/healthz", (request, response) => response.json({ ok: true }));
app.get("/", (request, response) => response.send("Shortens addresses.\n"));

app.listen(port, () => console.log(`listening on ${port}`));
