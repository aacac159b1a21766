"use strict";
(() => {
const data = JSON.parse(document.getElementById("data").textContent);
const {nodes, steps, arrays, faults} = data;
const byId = id => document.getElementById(id);
const svg = document.querySelector("#picture > svg");
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const roles = new Map(nodes.map(node => [node.name, "operand"]));
for (const {gives} of steps) if (gives) roles.set(gives.name, "slope");
const turn = steps.findIndex(step => step.phase === "backward");

let place = 0, timer = 0, allDigits = false, broken = null;

/* Elements. Every text goes in as text. */
function make(tag, classes, ...inside) {
  const element = document.createElement(tag);
  if (classes) element.className = classes;
  element.append(...inside.filter(x => x !== null && x !== undefined));
  return element;
}
const named = name => make("span", `who ${roles.get(name) ?? ""}`, name);
/* What is wider than its place can be scrolled, by keyboard too. */
function scrolling(label, ...inside) {
  const box = make("div", "scroll", ...inside);
  box.tabIndex = 0;
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", label);
  return box;
}

/* Arrays: a number, a matrix, or a heatmap from blue over nothing to orange. */
const picture = (src, alt) => Object.assign(make("img"), {src, alt});
function heatmap(array, name) {
  const {rows, columns, most, notes} = array.heat;
  const image = picture(array.heat.picture, `Heatmap of ${name}, ${array.shape}: ${array.text}`);
  const size = Math.max(2, Math.min(12, Math.floor(210 / columns), Math.floor(120 / rows)));
  image.style.width = `${columns === 1 ? Math.max(16, size) : columns * size}px`;
  image.style.height = `${rows === 1 ? Math.max(16, size) : rows * size}px`;
  const scale = make("span", "scale", `−${most}`, picture(data.scale, `from −${most} over 0 to ${most}`), most);
  const scaled = most === "0.0" ? [] : ["; scale ", scale];
  return [image, make("div", "legend", array.text, ...scaled, ...notes.map(note => `; ${note}`))];
}
function cell(tag, classes, [text, exact]) {
  const element = make(tag, classes, allDigits ? exact : text);
  element.title = exact;
  return element;
}
/* against: the right array, whose entries that differ are then marked.  legends: where to put a heatmap's, if not here. */
function shown(place, name, classes = "", against = null, legends = null) {
  const array = arrays[place], right = against === null ? null : arrays[against];
  const figure = make("figure", `block ${classes}`);
  const caption = make("figcaption", "", name ? named(name) : "", name ? " " : "", array.shape === "()" ? "" : array.shape);
  if (array.heat) {
    const [image, legend] = heatmap(array, name);
    figure.append(image);
    if (legends) legends.set(place, make("div", "", named(name), " ", legend));
    else caption.append(" ", legend);
  } else if (!array.rows) {
    figure.append(make("span", "scalar", array.text));
  } else if (array.shape === "()") {
    figure.append(cell("span", "scalar", array.rows[0][0]));
  } else {
    const comparable = right && right.rows && right.shape === array.shape;
    const wrong = (i, j) => right && !(comparable && right.rows[i][j][1] === array.rows[i][j][1]);
    figure.append(make("table", "matrix", make("tbody", "", ...array.rows.map((row, i) =>
      make("tr", "", ...row.map((entry, j) => cell("td", wrong(i, j) ? "wrong" : "", entry)))))));
  }
  figure.append(caption);
  return figure;
}

/* Equations. */
function symbolic({name, sign, parts}) {
  const inside = parts.map(part => typeof part === "string" ? part : named(part[0]));
  return [named(name), ` ${sign} `, ...inside];
}
/* A row of [array, name] and of the signs between them, the last one being what comes out; below it the heatmaps' scales. */
function row(label, ...parts) {
  const legends = new Map(), groups = [], last = parts.length - 1;
  let signs = "";
  parts.forEach((part, i) => {
    if (typeof part === "string") {
      const closing = groups.length && !signs ? part.match(/^(?:\.T|\))*/)[0] : "";
      if (closing) groups.at(-1).append(make("span", "", closing));
      signs += ` ${part.slice(closing.length).trim()}`;
    } else {
      const block = shown(part[0], part[1], i === last ? "outcome" : "", null, legends);
      groups.push(make("span", "group", signs.trim() ? make("span", "", signs.trim()) : null, block));
      signs = "";
    }
  });
  return scrolling(label, make("div", "numbers", ...groups), make("div", "legends", ...legends.values()));
}
function numeric({name, label, parts, array}) {
  const inside = parts.length === 1 && typeof parts[0] === "string" ? []
    : [...parts.map(part => typeof part === "string" ? part : [part[1], part[0]]), "="];
  return row(`${name} with its numbers`, ...inside, [array, label ?? name]);
}
function note(title, says, ...inside) {
  return make("div", "note", make("h3", "", title), make("p", "", says), ...inside);
}
function told(step) {
  const found = [];
  const {equations = [], check, stretch, meet, divided, gives} = step;
  if (equations.length > 1) {
    found.push(make("h3", "", "On the way"));
    for (const each of equations.slice(0, -1)) found.push(make("div", "math", ...symbolic(each)));
  }
  if (equations.length) found.push(make("h3", "", "With its numbers"), ...equations.map(numeric));
  if (check) found.push(make("h3", "", "Shapes"), make("div", "math", check, make("span", "check", " ✓")));
  if (stretch) found.push(note("Summed, because broadcasting had stretched it", stretch.says,
    make("div", "math", ...symbolic(stretch.rule)),
    row("Before and after the sum", [stretch.rule.array, "before the sum"], "→ sum →", [stretch.array, stretch.rule.name])));
  if (meet) found.push(note("Gradients meet here", meet.says,
    row("The running sum", ...meet.before === null ? [] : [[meet.before, "so far"], "+"], [meet.share, "this share"], "=",
      [meet.total, gives.name])));
  if (divided) found.push(note("Divided by m", divided.says,
    make("div", "math", ...symbolic(divided.equation)), row("Divided by m", [divided.equation.array, divided.equation.name])));
  return found;
}

/* What is known after the steps up to this one. */
function table(head, rows, label) {
  const line = make("tr", "", ...head.map(text => Object.assign(make("th", "", text), {scope: "col"})));
  const element = make("table", "", make("thead", "", line), make("tbody", "", ...rows));
  element.setAttribute("aria-label", label);
  return element;
}
function briefly(place) {
  const array = arrays[place];
  if (array.shape === "()" && array.rows) return cell("span", "", array.rows[0][0]);
  return make("span", "", `${array.shape} `, make("span", "muted", array.rows && array.rows.flat().length <= 6 ? matrixText(array) : array.text));
}
const matrixText = ({rows}) => rows.map(row => row.map(entry => entry[allDigits ? 1 : 0]).join(" ")).join("; ");
function known() {
  const backward = place >= turn, found = new Map();
  for (const step of steps.slice(0, place + 1)) {
    if (backward && step.gives) found.set(step.gives.name, {...step.gives, by: step});
    if (!backward && step.phase === "forward") {
      const node = step.lit[0];
      found.set(nodes[node].name, {name: nodes[node].name, array: nodes[node].array, by: step, state: ""});
    }
  }
  const rows = [...found.values()].reverse().map(({name, array, state, by}) => {
    const text = state && state !== "complete" ? make("div", "muted", state) : null;
    return make("tr", by === steps[place] ? "new" : "", make("td", "", named(name), text), make("td", "math", briefly(array)));
  });
  const complete = [...found.values()].filter(x => x.state === "complete").length;
  const head = backward ? `${complete} of ${data.gradients} gradients are complete.`
    : rows.length ? `${rows.length} of ${turn - 1} values are computed.` : "Only what is given: inputs, parameters, constants.";
  const shownAs = rows.length ? [table([backward ? "gradient" : "value", "numbers"], rows, "Known so far")] : [];
  byId("known").replaceChildren(make("p", "muted", head), ...shownAs);
}

/* The picture: which boxes are lit, and which are still hollow. */
const box = node => svg && nodes[node].box[0] && svg.querySelector(`#${nodes[node].box[0]}`);
const members = new Map();  // a box may stand for several nodes
nodes.forEach((node, i) => members.set(node.box[0], [...members.get(node.box[0]) ?? [], i]));
// A second head, at the beginning of an arrow: there the gradient arrives on its way back.
function backHead(line) {
  const [x, y, nextX, nextY] = line.getAttribute("d").match(/-?[\d.]+/g).map(Number);
  const length = Math.hypot(nextX - x, nextY - y) || 1, dx = (nextX - x) / length, dy = (nextY - y) / length;
  const head = document.createElementNS("http://www.w3.org/2000/svg", "path"), baseX = x + 10 * dx, baseY = y + 10 * dy;
  head.setAttribute("class", "back");
  head.setAttribute("d", `M${x} ${y}L${baseX - 4 * dy} ${baseY + 4 * dx}L${baseX + 4 * dy} ${baseY - 4 * dx}Z`);
  return head;
}

const arrows = new Map();
for (const arrow of svg ? svg.querySelectorAll(".arrow") : []) {
  const title = arrow.querySelector("title")?.textContent;
  arrows.set(title, [...arrows.get(title) ?? [], arrow]);
  arrow.append(backHead(arrow.querySelector(".line")));
}
function light(step) {
  if (!svg) return;
  const backward = step.phase === "backward", state = new Map();
  for (const each of steps.slice(0, place + 1)) {
    if (backward && each.gives) state.set(each.gives.node, each.gives.state === "complete" ? "" : "part");
    if (!backward) for (const node of [...each.lit, ...each.from ?? []]) state.set(node, "");
  }
  const bad = new Set(broken ? chosen().rows.filter(row => row.off).map(row => row.node) : []);
  const has = new Set(steps.filter(each => each.gives).map(each => each.gives.node));
  for (const mine of members.values()) {
    const here = box(mine[0]);
    if (!here) continue;
    const awaited = backward ? mine.filter(i => has.has(i)) : mine, done = awaited.filter(i => state.has(i));
    const mark = (name, on) => here.classList.toggle(name, Boolean(on));
    mark("part", done.length && (done.length < awaited.length || done.some(i => state.get(i) === "part")));
    mark("hollow", awaited.length && !done.length);
    mark("lit", step.phase !== "start" && mine.some(i => step.lit.includes(i)));
    mark("near", mine.some(i => step.from?.includes(i)));
    mark("broken", mine.some(i => bad.has(i)));
  }
  for (const list of arrows.values()) for (const arrow of list) arrow.classList.remove("lit");
  for (const from of step.from ?? []) for (const to of step.lit) {
    const [tail, head] = backward ? [to, from] : [from, to];
    for (const arrow of arrows.get(`${nodes[tail].box[1]} → ${nodes[head].box[1]}`) ?? []) arrow.classList.add("lit");
  }
  follow(step.phase === "start" ? [] : step.lit.concat(step.from ?? []));
}
/* Bring the lit boxes into sight, without moving the page. */
function follow(lit) {
  const frame = byId("picture"), outer = frame.getBoundingClientRect();
  const inner = lit.map(box).filter(Boolean).map(x => x.getBoundingClientRect());
  if (!inner.length) return;
  const middle = (low, high) => {
    const ends = [Math.min(...inner.map(x => x[low])), Math.max(...inner.map(x => x[high]))];
    const fits = ends[1] - ends[0] < outer[high] - outer[low];
    return fits ? (ends[0] + ends[1]) / 2 : (inner[0][low] + inner[0][high]) / 2;
  };
  frame.scrollTo({left: frame.scrollLeft + middle("left", "right") - outer.left - outer.width / 2,
    top: frame.scrollTop + middle("top", "bottom") - outer.top - outer.height / 2,
    behavior: calm.matches ? "instant" : "smooth"});
}

/* Breaking it. */
const chosen = () => faults.find(each => each.fault === broken);
function labelled(label, inside) {
  const cell = make("td", "", inside);
  cell.dataset.label = label;
  return cell;
}
function breaking() {
  byId("break").setAttribute("aria-checked", String(broken !== null));
  byId("faults").hidden = broken === null;
  if (broken === null) return;
  document.querySelector(`input[name="fault"][value="${broken}"]`).checked = true;
  const {says, rows} = chosen();
  const bad = rows.some(row => row.off);
  byId("verdict").textContent = says;
  byId("verdict").className = bad ? "bad" : "";
  byId("wrong").hidden = !bad;
  const lines = rows.map(({name, right, wrong, off}) => make("tr", "",
    make("td", "", named(name)), labelled("right", shown(right, "")),
    labelled("with the fault", off ? wrong === null ? make("span", "off", "—") : shown(wrong, "", "wrong", right) : make("span", "muted same", "the same")),
    make("td", off ? "off" : "check", off ? `✗ ${off}` : "✓")));
  byId("wrong").replaceChildren(table(["gradient", "right", "with the fault", "verdict"], lines, "Right and wrong gradients"));
}

/* Going from step to step. */
function address() {
  const text = `#step=${place + 1}${broken ? `&break=${broken}` : ""}`;
  if (location.hash !== text) history.replaceState(null, "", text);
}
function render() {
  const step = steps[place], backward = step.phase === "backward";
  document.body.classList.toggle("backwards", backward);
  document.body.classList.toggle("forwards", !backward);
  byId("phase").textContent = {start: "Before the first step", forward: "Forward pass", backward: "Backward pass"}[step.phase];
  byId("title").replaceChildren(...step.equations ? symbolic(step.head ?? step.equations.at(-1)) : [step.title]);
  byId("says").textContent = step.says;
  byId("equations").replaceChildren(...told(step));
  byId("place").textContent = `${place + 1} of ${steps.length}`;
  byId("slider").value = place + 1;
  byId("slider").setAttribute("aria-valuetext", `${place + 1} of ${steps.length}: ${step.title}`);
  byId("first").disabled = byId("back").disabled = place === 0;
  byId("last").disabled = byId("forth").disabled = place === steps.length - 1;
  known();
  breaking();
  light(step);
}
function go(to) {
  place = Math.max(0, Math.min(steps.length - 1, to));
  render();
  address();
  byId("announcer").textContent = `Step ${place + 1} of ${steps.length}. ${steps[place].says} ${steps[place].title}`;
}
function play(on) {
  clearInterval(timer);
  timer = 0;
  if (on && place === steps.length - 1) go(0);
  if (on) timer = setInterval(() => {
    go(place + 1);
    if (place === steps.length - 1) play(false);
  }, Number(byId("speed").value));
  byId("play").classList.toggle("playing", Boolean(timer));
  byId("play").setAttribute("aria-label", timer ? "Pause" : "Play");
}
const step = by => { play(false); go(place + by); };
function setBroken(fault) {
  broken = fault;
  breaking();
  light(steps[place]);
  address();
}
function toggleHelp() {
  byId("keys").hidden = !byId("keys").hidden;
  byId("help").setAttribute("aria-expanded", String(!byId("keys").hidden));
}
function toggleDigits() {
  allDigits = !allDigits;
  byId("digits").setAttribute("aria-pressed", String(allDigits));
  render();
}
function visit() {
  const words = new URLSearchParams(location.hash.slice(1));
  broken = faults.some(each => each.fault === words.get("break")) ? words.get("break") : null;
  const wanted = Number(words.get("step"));
  play(false);
  go(Number.isInteger(wanted) && wanted > 0 ? wanted - 1 : 0);
}

byId("first").onclick = () => step(-Infinity);
byId("back").onclick = () => step(-1);
byId("forth").onclick = () => step(1);
byId("last").onclick = () => step(Infinity);
byId("play").onclick = () => play(!timer);
byId("slider").oninput = event => { play(false); go(Number(event.target.value) - 1); };
byId("speed").onchange = () => { if (timer) play(true); };
byId("digits").onclick = toggleDigits;
byId("help").onclick = toggleHelp;
byId("break").onclick = () => {
  setBroken(broken ? null : document.querySelector('input[name="fault"]:checked').value);
  if (broken) byId("breaking").scrollIntoView({behavior: calm.matches ? "instant" : "smooth"});
};
for (const radio of document.querySelectorAll('input[name="fault"]')) radio.onchange = () => setBroken(radio.value);

// What is too large for its place keeps the keys that scroll it.
const kept = {
  ArrowLeft: box => box.scrollWidth > box.clientWidth, ArrowRight: box => box.scrollWidth > box.clientWidth,
  Home: box => box.scrollHeight > box.clientHeight, End: box => box.scrollHeight > box.clientHeight,
};
let typed = "", typedAt = 0;
const keys = {
  ArrowRight: () => step(1), ArrowLeft: () => step(-1), Home: () => step(-Infinity), End: () => step(Infinity),
  " ": () => play(!timer), "?": toggleHelp, d: toggleDigits, b: () => byId("break").click(),
};
document.addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const on = event.target.closest("input, select, button, summary, .scroll, #picture, #known, #wrong, #nodes");
  if (on && (on.matches("input, select") || (event.key === " " && on.matches("button, summary")))) return;
  if (on && !on.matches("button, summary") && kept[event.key]?.(on)) return;
  if (/^\d$/.test(event.key)) {
    typed = event.timeStamp - typedAt < 1000 ? typed + event.key : event.key;
    typedAt = event.timeStamp;
    play(false);
    go(Number(typed) - 1);
  } else if (keys[event.key]) {
    event.preventDefault();
    keys[event.key]();
  }
});
addEventListener("hashchange", visit);

/* Once. */
const how = matchMedia("(pointer: coarse)").matches ? "Tap the arrows to step, the triangle to play" : "Press → to step, space to play";
byId("summary").textContent = `${nodes.length} tensors, ${steps.length} steps. ${how}.`;
const biting = faults.find(each => each.rows.some(row => row.off));
if (biting) document.querySelector(`input[name="fault"][value="${biting.fault}"]`).checked = true;
byId("slider").max = steps.length;
byId("phases").children[0].style.flexGrow = Math.max(turn, 1);
byId("phases").children[1].style.flexGrow = steps.length - turn;
if (svg) {
  const [, , width] = svg.getAttribute("viewBox").split(" ").map(Number);
  svg.style.width = `${width}px`;
  svg.style.minWidth = `${0.9 * width}px`;
  svg.style.maxWidth = "100%";
  byId("picture").tabIndex = 0;
} else {
  byId("picture").remove();
  byId("tensors").open = true;
}
const kinds = nodes.map(({name, called, kind, array}) => make("tr", "", make("td", "", named(name)),
  make("td", "", called ? make("bdi", "", called) : ""), make("td", "", kind), make("td", "", `${arrays[array].shape} ${arrays[array].dtype}`),
  make("td", "", arrays[array].text)));
byId("nodes").append(table(["name", "named by you", "kind", "shape", "values"], kinds, "All tensors"));
visit();
})();
