var builder = WebApplication.CreateBuilder(args);
var app = builder.Build();

app.MapGet("/", () => "No tickets.");
app.MapGet("/health", () => Results.Ok(new { status = "ok" }));

app.Run();
