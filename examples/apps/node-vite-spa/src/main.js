const button = document.querySelector("#counter");
let count = 0;

function show() {
  button.textContent = `clicked ${count} times`;
}

button.addEventListener("click", () => {
  count += 1;
  show();
});
show();
