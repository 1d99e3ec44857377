fetch("/api/health")
  .then((answer) => answer.json())
  .then((health) => {
    document.body.textContent = health.status;
  });
