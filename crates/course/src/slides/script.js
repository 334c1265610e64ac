(() => {
  const slides = [...document.querySelectorAll(".slide")];
  const steps = (slide) => [...slide.querySelectorAll(".step")];
  const position = document.getElementById("position");
  const smallest = 0.5;
  let at = 0;
  let shown = 0;

  // A slide with more than the screen holds is written smaller; then it scrolls.
  const fit = (slide) => {
    const content = slide.querySelector(".fit");
    content.style.fontSize = "";
    if (matchMedia("(max-width: 700px)").matches) return;
    for (let size = 1; size > smallest && slide.scrollHeight > slide.clientHeight; size -= 0.04) {
      content.style.fontSize = `${size - 0.04}em`;
    }
  };

  const show = () => {
    slides.forEach((slide, index) => slide.classList.toggle("shown", index === at));
    steps(slides[at]).forEach((step, index) => step.classList.toggle("shown", index < shown));
    document.body.classList.toggle("first", at === 0);
    position.textContent = `${at + 1} / ${slides.length}`;
    history.replaceState(null, "", `#${at + 1}${shown > 0 ? `.${shown}` : ""}`);
    fit(slides[at]);
  };
  const go = (to, steps_shown = 0) => {
    at = Math.min(Math.max(to, 0), slides.length - 1);
    shown = steps_shown;
    slides[at].scrollTop = 0;
    show();
  };
  const next = () => {
    if (shown < steps(slides[at]).length) { shown += 1; show(); }
    else if (at < slides.length - 1) go(at + 1);
  };
  const previous = () => {
    if (shown > 0) { shown -= 1; show(); }
    else if (at > 0) go(at - 1, steps(slides[at - 1]).length);
  };

  const keys = {
    ArrowRight: next, ArrowDown: next, PageDown: next, " ": next, Enter: next,
    ArrowLeft: previous, ArrowUp: previous, PageUp: previous, Backspace: previous,
    Home: () => go(0), End: () => go(slides.length - 1),
    p: () => print(), P: () => print(),
  };
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const key = event.key === " " && event.shiftKey ? "ArrowLeft" : event.key;
    if (!keys[key]) return;
    event.preventDefault();
    keys[key]();
  });
  // The left third goes back, the rest forward; marked text is for copying.
  addEventListener("click", (event) => {
    if (!getSelection().isCollapsed) return;
    if (event.clientX < innerWidth / 3) previous(); else next();
  });
  let touch = null;
  addEventListener("touchstart", (event) => { touch = event.changedTouches[0]; }, { passive: true });
  addEventListener("touchend", (event) => {
    const end = event.changedTouches[0];
    const across = touch ? end.clientX - touch.clientX : 0;
    const down = touch ? end.clientY - touch.clientY : 0;
    if (Math.abs(across) < 50 || Math.abs(across) < 2 * Math.abs(down)) return;
    event.preventDefault();
    if (across < 0) next(); else previous();
  }, { passive: false });
  addEventListener("resize", () => fit(slides[at]));
  // The address names the slide and how much of it is shown, so that a reload stays there.
  const follow = () => {
    const [slide, step] = location.hash.slice(1).split(".").map((text) => parseInt(text, 10) || 0);
    go((slide || 1) - 1, step || 0);
  };
  addEventListener("hashchange", follow);

  document.body.classList.add("live");
  follow();
})();
