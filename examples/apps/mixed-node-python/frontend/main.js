const answer = await fetch("/api/health");
document.body.textContent = (await answer.json()).status;
