// Compares the reader's number with the answer. Without this script the answer opens by itself.
"use strict";
for (const line of document.querySelectorAll(".prediction")) {
  const [input, button, output] = ["input", "button", "output"].map((name) => line.querySelector(name));
  const details = line.parentElement.querySelector("details");
  const compare = () => {
    const number = Number(input.value.trim().replace(",", "."));
    if (input.value.trim() === "" || Number.isNaN(number)) {
      output.textContent = "Type a number.";
      output.classList.remove("is-right");
      return;
    }
    const { right, allowed, says } = line.dataset;
    // Decimal fractions are not exact: 3.1 is within 0.1 of 3.
    const isRight = Math.abs(number - Number(right)) <= Number(allowed) * (1 + 1e-9);
    output.textContent = isRight ? `Right: ${says}.` : `You said ${input.value.trim()}, ${says}.`;
    output.classList.toggle("is-right", isRight);
    details.open = true;
  };
  button.hidden = false;
  button.addEventListener("click", compare);
  input.addEventListener("keydown", (event) => {
    // The book's own keys turn pages and search.
    event.stopPropagation();
    if (event.key === "Enter") compare();
  });
}
