require "sinatra"

get("/") { "Songs\n" }
get("/health") { "ok\n" }
