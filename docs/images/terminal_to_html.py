"""The text of a terminal with its colours (`tmux capture-pane -e`) as a page: light or dark."""

import html
import re
import sys

THEMES = {
    "light": ("#ffffff", "#1f2328", "#1f2328 #b3261e #1a7f37 #8a6100 #0b57d0 #8250df #117a84 #59636e".split()),
    "dark": ("#0d1117", "#e6edf3", "#8b949e #ff7b72 #56d364 #e3b341 #79c0ff #d2a8ff #76e3ea #e6edf3".split()),
}
background, foreground, palette = THEMES[sys.argv[1]]


def style(codes, state):
    """Applies the numbers of one sequence to what is in force."""
    codes = [int(code or 0) for code in codes.split(";")] if codes else [0]
    while codes:
        code = codes.pop(0)
        if code == 0:
            state.clear()
        elif code == 1:
            state["font-weight"] = "bold"
        elif code == 2:
            state["opacity"] = "0.7"
        elif code == 4:
            state["text-decoration"] = "underline"
        elif code == 7:
            state["reverse"] = "yes"
        elif code in (38, 48) and codes[:1] == [5]:
            name = "color" if code == 38 else "background"
            state[name] = palette[codes[1] % 8] if codes[1] != 15 else foreground
            codes = codes[2:]
        elif 30 <= code <= 37 or 90 <= code <= 97:
            state["color"] = palette[code % 10]
        elif 40 <= code <= 47 or 100 <= code <= 107:
            state["background"] = palette[code % 10]
        elif code == 39:
            state.pop("color", None)
        elif code == 49:
            state.pop("background", None)
    return state


def css(state):
    shown = dict(state)
    if shown.pop("reverse", None):
        shown["color"], shown["background"] = background, shown.get("color", foreground)
    return ";".join(f"{name}:{value}" for name, value in shown.items())


state, out = {}, []
for part in re.split(r"(\x1b\[[0-9;]*m)", sys.stdin.read()):
    if part.startswith("\x1b["):
        style(part[2:-1], state)
    elif part:
        out.append(f'<span style="{css(state)}">{html.escape(part)}</span>')
print(
    f'<meta charset="utf-8"><body style="margin:12px;background:{background};color:{foreground}">'
    f'<pre style="margin:0;font:13.5px/1.35 \'DejaVu Sans Mono\',monospace">{"".join(out)}</pre>'
)
