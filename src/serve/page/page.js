"use strict";
const $ = (id) => document.getElementById(id);
const kMostHeld = 300, kMostPermutedRows = 150, kMostPermutedColumns = 30, kMostShown = 200, kLeastForEstimate = 20;

// The table at hand: {columns, rows, semicolon_separated, info}; the rows of a second file, or null; what the server
// says of the target.
const state = { table: null, queries: null, target: null, key: "", fits: [], abort: null };

function element(name, text, attributes = {}) {
  const made = document.createElement(name);
  if (text !== undefined && text !== null) made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function say(text) { $("status").textContent = text; }

function showError(error) {
  if (error.name === "AbortError") return say("Stopped.");
  const box = $("error");
  box.textContent = error.message;
  box.hidden = false;
  box.focus();
  say("");
}

function clearError() { $("error").hidden = true; }

// Asks this server; what it refuses becomes an Error with its words.
async function ask(path, { method = "POST", body, type, accept = "application/json", signal, keepalive } = {}) {
  const headers = { Accept: accept };
  if (type) headers["Content-Type"] = type;
  if (state.key) headers.Authorization = "Bearer " + state.key;
  let response;
  try {
    response = await fetch(path, { method, headers, body, signal, keepalive });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("The server does not answer. Look whether manyshot serve still runs, then try again.");
  }
  if (response.ok) return accept === "application/json" ? response.json() : response.text();
  let message = `The server answered ${response.status}.`;
  try { message = (await response.json()).error.message; } catch { /* no words from it */ }
  if (response.status === 401) {
    $("key-form").hidden = false;
    $("key").focus();
  }
  throw new Error(message.charAt(0).toUpperCase() + message.slice(1) + ".");
}

// `rows` have the columns of the table; `from` is the file that they are of.
function askTable(path, rows, options = {}, from = state.table) {
  const { accept, signal, ...fields } = options;
  const { columns } = state.table, { semicolon_separated } = from;
  const body = JSON.stringify({ columns, rows, semicolon_separated, ...fields });
  return ask(path, { body, type: "application/json", accept, signal });
}

// --- The table ---------------------------------------------------------------------------------------------------

async function readTable(bytes) {
  const info = await ask("/v1/inspect?sample_rows=100000000", { body: bytes, type: "text/csv" });
  return { columns: info.columns.map((column) => column.name), rows: info.sample,
           semicolon_separated: info.semicolon_separated, info };
}

async function takeTable(bytes, name) {
  clearError();
  say(`Reading ${name} …`);
  for (const id of ["understood", "ask", "results", "estimate", "importance"]) $(id).hidden = true;
  try {
    state.table = await readTable(bytes);
    $("table-name").textContent = name;
    showTable();
    $("understood").hidden = $("ask").hidden = false;
    await aboutTarget();
    say(`${name} was read: ${state.table.info.rows} rows, ${state.table.columns.length} columns.`);
  } catch (error) {
    state.table = state.target = null;
    showError(error);
  }
}

async function takeQueries(bytes, name) {
  clearError();
  try {
    state.queries = await readTable(bytes);
    $("rows-name").textContent = `${name}: ${state.queries.rows.length} rows`;
    $("without-rows").hidden = false;
    if (state.target) showCounts();
  } catch (error) {
    leaveQueries();
    showError(error);
  }
}

function leaveQueries() {
  state.queries = null;
  $("rows-file").value = "";
  $("rows-name").textContent = "optional; the same columns";
  $("without-rows").hidden = true;
  if (state.target) showCounts();
}

function valuesOf(column) {
  if (column.type === "categorical") return column.categories.slice(0, 8).join(", ") + (column.categories.length > 8 ? ", …" : "");
  if (column.minimum === undefined || column.type === "boolean") return column.examples.slice(0, 4).join(", ");
  const short = (value) => typeof value === "number" ? Number(value.toPrecision(6)).toString() : value;
  return `${short(column.minimum)} … ${short(column.maximum)}`;
}

function headRow(table, names, numbers = []) {
  const head = table.createTHead().insertRow();
  for (const name of names) head.append(element("th", name, { scope: "col", class: numbers.includes(name) ? "n" : "" }));
}

function showTable() {
  const { info, columns, rows } = state.table;
  $("format").textContent = `${info.format}; ${info.rows} rows, ${columns.length} columns`;
  const table = $("columns");
  table.replaceChildren();
  headRow(table, ["use", "column", "kind", "gaps", "distinct", "values"], ["gaps", "distinct"]);
  const body = table.createTBody();
  info.columns.forEach((column, index) => {
    const row = body.insertRow();
    const use = element("input", null, { type: "checkbox", "aria-label": `Use ${column.name}`, "data-column": index });
    use.checked = !column.names_rows;
    use.addEventListener("change", () => aboutTarget());
    row.insertCell().append(use);
    row.append(element("th", column.name, { scope: "row" }));
    row.insertCell().textContent = column.type;
    for (const count of [column.missing, column.distinct]) {
      const cell = row.insertCell();
      cell.textContent = count;
      cell.className = "n";
    }
    const values = row.insertCell();
    values.className = "values";
    values.textContent = valuesOf(column);
  });
  $("notes").replaceChildren(...info.notes.map((note) => element("li", note)));
  showRows($("first-rows"), columns, rows.slice(0, 8));
  $("target").replaceChildren(...columns.map((name) => element("option", name, { value: name })));
  $("target").value = info.target;
  $("model").replaceChildren(...info.models.map((name) => element("option", name, { value: name })));
  $("prompt-model").replaceChildren(...info.prompt_models.map((name) => element("option", name, { value: name })));
}

function showRows(table, columns, rows) {
  table.replaceChildren();
  headRow(table, columns);
  const body = table.createTBody();
  for (const cells of rows) {
    const row = body.insertRow();
    for (const cell of cells) {
      const made = row.insertCell();
      made.textContent = cell === null ? "empty" : cell;
      if (cell === null) made.className = "missing";
    }
  }
}

function ignoredColumns() {
  const target = $("target").value;
  return [...document.querySelectorAll("#columns input")].filter((box) => !box.checked)
    .map((box) => state.table.columns[Number(box.dataset.column)]).filter((name) => name !== target);
}

// --- The target --------------------------------------------------------------------------------------------------

async function aboutTarget() {
  clearError();
  $("predict").disabled = true;
  for (const box of document.querySelectorAll("#columns input"))
    box.disabled = state.table.columns[Number(box.dataset.column)] === $("target").value;
  try {
    const fields = { target: $("target").value, task: $("task").value, ignore: ignoredColumns() };
    state.target = (await askTable("/v1/inspect", state.table.rows, { ...fields, sample_rows: 0 })).target;
    showCounts();
    $("predict").disabled = false;
  } catch (error) {
    state.target = null;
    $("about-target").textContent = "";
    showError(error);
  }
}

function askedRows() {
  if (!state.queries) return state.target.unlabelled_rows.map((row) => state.table.rows[row]);
  const places = state.table.columns.map((name) => state.queries.columns.indexOf(name));
  return state.queries.rows.map((cells) => places.map((place) => place < 0 ? null : cells[place]));
}

function showCounts() {
  const { target } = state;
  const what = target.task === "regression" ? "a number"
    : `${target.classes.length} classes: ${target.classes.slice(0, 10).map((name, k) => `${name} (${target.class_counts[k]})`).join(", ")}${target.classes.length > 10 ? ", …" : ""}`;
  const count = askedRows().length;
  const asked = count > 0 ? `${count} rows will be predicted${state.queries ? ", those of the second file" : ": those whose cell is empty"}.`
    : "No row's cell is empty, so there is nothing to predict: you will see how good predictions would be. To predict rows, give them in a second file, or with an empty cell.";
  $("about-target").textContent = `${target.labelled_rows} rows teach ${target.name}, ${what}. ${asked}`;
}

// --- Predicting --------------------------------------------------------------------------------------------------

// The same numbers in the same order every time (mulberry32).
function randomNumbers(seed) {
  return () => {
    seed = (seed + 0x6D2B79F5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

function shuffled(list, random) {
  const result = [...list];
  for (let i = result.length - 1; i > 0; --i) {
    const j = Math.floor(random() * (i + 1));
    [result[i], result[j]] = [result[j], result[i]];
  }
  return result;
}

// A quarter of the labelled rows, each class in proportion, at least one row of it left to learn from.
function holdOut(target) {
  const groups = new Map(), unlabelled = new Set(target.unlabelled_rows);
  state.table.rows.forEach((_, row) => {
    if (unlabelled.has(row)) return;
    const group = target.task === "regression" ? 0 : target.labels[row];
    if (!groups.has(group)) groups.set(group, []);
    groups.get(group).push(row);
  });
  const random = randomNumbers(1), share = Math.min(0.25, kMostHeld / target.labelled_rows);
  const held = [], rest = [];
  for (const [, rows] of [...groups].sort((a, b) => a[0] - b[0])) {
    const order = shuffled(rows, random), count = Math.min(Math.round(rows.length * share), rows.length - 1);
    held.push(...order.slice(0, count));
    rest.push(...order.slice(count));
  }
  return { held: held.sort((a, b) => a - b), rest: rest.sort((a, b) => a - b) };
}

async function fit(rows, signal) {
  const { target } = state;
  const made = await askTable("/v1/fit", rows, {
    target: target.name, task: target.task, ignore: ignoredColumns(), model: $("model").value, signal });
  state.fits.push(made.name);
  return made;
}

function deleteFits(keepalive = false) {
  for (const name of state.fits.splice(0))
    ask(`/v1/fits/${name}`, { method: "DELETE", keepalive }).catch(() => {});
}

class Progress {
  constructor(steps) { this.steps = steps; this.done = 0; $("progress").max = steps; this.show(); }
  show() { $("progress").value = this.done; }
  begin(text) { say(`${text} …`); }
  end() { ++this.done; this.show(); }
}

async function predict(event) {
  event.preventDefault();
  clearError();
  deleteFits();
  for (const id of ["results", "estimate", "importance", "prompt", "prompt-text"]) $(id).hidden = true;
  state.abort = new AbortController();
  $("running").hidden = $("cancel").hidden = false;
  $("predict").disabled = true;
  try {
    await predictAll(state.abort.signal);
  } catch (error) {
    showError(error);
  }
  $("running").hidden = $("cancel").hidden = true;
  $("predict").disabled = false;
}

async function predictAll(signal) {
  const { target, table } = state, asked = askedRows(), { held, rest } = holdOut(target);
  const features = target.features.slice(0, kMostPermutedColumns);
  const isEstimated = target.labelled_rows >= kLeastForEstimate && held.length > 0;
  const progress = new Progress((asked.length > 0 ? 2 : 0) + (isEstimated ? 2 + features.length : 0));
  if (asked.length > 0) {
    const unlabelled = new Set(target.unlabelled_rows);
    progress.begin(`Fitting to ${target.labelled_rows} rows`);
    const made = await fit(table.rows.filter((_, row) => !unlabelled.has(row)), signal);
    progress.end();
    progress.begin(`Predicting ${asked.length} rows`);
    const from = state.queries ?? table, keep = table.columns.filter((name) => name !== target.name);
    const answer = await askTable("/v1/predict", asked, { fit: made.name, signal }, from);
    const csv = await askTable("/v1/predict", asked, { fit: made.name, keep, accept: "text/csv", signal }, from);
    progress.end();
    showPredictions(answer, asked, csv, made.name);
  }
  if (!isEstimated) {
    say(`Done. With fewer than ${kLeastForEstimate} labelled rows there is no estimate of how good the answers are.`);
    return;
  }
  progress.begin("Holding out rows to see how good predictions are");
  const rehearsal = await fit(rest.map((row) => table.rows[row]), signal);
  progress.end();
  const askHeld = (rows) => askTable("/v1/predict", rows, { fit: rehearsal.name, signal });
  const heldRows = held.map((row) => table.rows[row]);
  const answer = await askHeld(heldRows);
  progress.end();
  const truth = target.task === "regression" ? held.map((row) => target.numbers[row]) : held.map((row) => target.classes[target.labels[row]]);
  showEstimate(answer, truth, rest);
  await importances(features, heldRows, truth, askHeld, progress);
  say("Done.");
  if (asked.length === 0) $("estimate").scrollIntoView();
}

// --- Results -----------------------------------------------------------------------------------------------------

const percent = (share) => `${(100 * share).toFixed(share !== 0 && share !== 1 && (share > 0.995 || share < 0.005) ? 1 : 0)} %`;
const short = (value) => Number(value.toPrecision(4)).toString();

function bar(from, to) {
  const track = element("div", null, { class: "track", "aria-hidden": "true" });
  const fill = element("div", null, { class: "fill" });
  fill.style.left = `${100 * from}%`;
  fill.style.width = `${to > from ? Math.max(100 * (to - from), 0.5) : 0}%`;
  track.append(fill);
  return track;
}

function chances(probabilities, classes) {
  const box = element("div", null, { class: "chance" });
  const order = probabilities.map((_, k) => k).sort((a, b) => probabilities[b] - probabilities[a]).slice(0, 3);
  for (const k of order) box.append(element("span", classes[k]), bar(0, probabilities[k]), element("span", percent(probabilities[k]), { class: "n" }));
  return box;
}

function showPredictions(answer, rows, csv, fitName) {
  const { columns, target } = { columns: state.table.columns, target: state.target };
  const isNumber = answer.task === "regression", table = $("predictions");
  table.replaceChildren();
  const shown = columns.map((name, index) => ({ name, index })).filter(({ name }) => target.features.includes(name)).slice(0, 6);
  headRow(table, ["row", target.name, isNumber ? "from … to (9 of 10)" : "how likely", ...shown.map(({ name }) => name)], ["row"]);
  const body = table.createTBody();
  const low = isNumber ? Math.min(...answer.quantiles.p05) : 0, high = isNumber ? Math.max(...answer.quantiles.p95) : 1;
  rows.slice(0, kMostShown).forEach((cells, i) => {
    const row = body.insertRow();
    const number = row.insertCell();
    number.className = "n";
    number.textContent = state.queries ? i + 1 : target.unlabelled_rows[i] + 1;
    row.append(element("th", isNumber ? short(answer.predictions[i]) : answer.predictions[i], { scope: "row" }));
    const likely = row.insertCell();
    if (isNumber) {
      const [from, to] = [answer.quantiles.p05[i], answer.quantiles.p95[i]], width = high - low || 1;
      likely.append(bar((from - low) / width, (to - low) / width), element("span", `${short(from)} … ${short(to)}`));
    } else {
      likely.append(chances(answer.probabilities[i], answer.classes));
    }
    for (const { index } of shown) {
      const cell = row.insertCell();
      cell.textContent = cells[index] === null ? "empty" : cells[index];
      if (cells[index] === null) cell.className = "missing";
    }
  });
  const more = rows.length > kMostShown ? ` The first ${kMostShown} are shown; the file has all.` : "";
  $("results-text").textContent = `${rows.length} rows are predicted, counted as in the file, from 1.${more}`;
  const link = $("download");
  if (link.href) URL.revokeObjectURL(link.href);
  link.href = URL.createObjectURL(new Blob([csv], { type: "text/csv" }));
  link.hidden = false;
  $("ask-prompt").hidden = false;
  $("show-prompt").onclick = () => showPrompt(fitName, rows);
  $("results").hidden = false;
  $("results").focus({ preventScroll: true });
}

async function showPrompt(fitName, rows) {
  clearError();
  try {
    const options = { fit: fitName, queries: 3, model: $("prompt-model").value, accept: "text/plain" };
    const text = await askTable("/v1/prompt", rows.slice(0, 3), options, state.queries ?? state.table);
    $("prompt").textContent = text;
    $("prompt-text").hidden = $("prompt").hidden = false;
    $("prompt").focus();
    say("The prompt of the first rows is shown, as manyshot prompt writes it.");
  } catch (error) {
    showError(error);
  }
}

// --- How good they are -------------------------------------------------------------------------------------------

const mean = (list) => list.reduce((sum, value) => sum + value, 0) / list.length;

// The loss of each row: nats, or the squared error of a number.
function losses(answer, truth) {
  if (answer.task === "regression") return truth.map((value, i) => (value - answer.mean[i]) ** 2);
  return truth.map((name, i) => {
    const k = answer.classes.indexOf(name);
    return -Math.log(Math.max(k < 0 ? 0 : answer.probabilities[i][k], 1e-15));
  });
}

// Bins of {said, found, count}.
function reliabilityOf(answer, truth) {
  if (answer.task === "regression") {
    return [0.05, 0.25, 0.5, 0.75, 0.95].map((level, i) => ({ said: level, count: truth.length,
      found: mean(truth.map((value, row) => value <= Object.values(answer.quantiles)[i][row] ? 1 : 0)) }));
  }
  const bins = Array.from({ length: 10 }, () => ({ said: 0, found: 0, count: 0 }));
  truth.forEach((name, row) => {
    const best = Math.max(...answer.probabilities[row]), bin = bins[Math.min(9, Math.floor(best * 10))];
    bin.said += best;
    bin.found += answer.classes[answer.probabilities[row].indexOf(best)] === name ? 1 : 0;
    ++bin.count;
  });
  return bins.filter(({ count }) => count > 0).map(({ said, found, count }) => ({ said: said / count, found: found / count, count }));
}

function scoresOf(answer, truth, rest) {
  const { target } = state, loss = mean(losses(answer, truth));
  if (answer.task === "regression") {
    const center = mean(truth), base = mean(truth.map((value) => (value - center) ** 2));
    const inside = mean(truth.map((value, i) => value >= answer.quantiles.p05[i] && value <= answer.quantiles.p95[i] ? 1 : 0));
    return [["error (RMSE)", short(Math.sqrt(loss)), `the mean alone: ${short(Math.sqrt(base))}`],
            ["explained (R²)", short(1 - loss / (base || 1)), "1 is all, 0 none"],
            ["mean error (MAE)", short(mean(truth.map((value, i) => Math.abs(value - answer.mean[i])))), ""],
            ["inside 9 of 10", percent(inside), "90 % would be right"]];
  }
  const right = truth.map((name, i) => answer.classes[answer.probabilities[i].indexOf(Math.max(...answer.probabilities[i]))] === name ? 1 : 0);
  const counts = new Map();
  for (const row of rest) counts.set(target.labels[row], (counts.get(target.labels[row]) || 0) + 1);
  const frequent = target.classes[[...counts].sort((a, b) => b[1] - a[1])[0][0]];
  const base = mean(truth.map((name) => name === frequent ? 1 : 0)), accuracy = mean(right);
  const baseLoss = mean(truth.map((name) => -Math.log((counts.get(target.classes.indexOf(name)) || 1) / rest.length)));
  const error = Math.sqrt(accuracy * (1 - accuracy) / truth.length);
  const ece = reliabilityOf(answer, truth).reduce((sum, { said, found, count }) => sum + Math.abs(said - found) * count, 0) / truth.length;
  return [["accuracy", percent(accuracy), `± ${percent(1.96 * error)}; always ${frequent}: ${percent(base)}`],
          ["log loss", short(loss), `frequencies alone: ${short(baseLoss)}`],
          ["calibration error", percent(ece), `0 % would be right; ${truth.length} rows cannot tell a few per cent`]];
}

function svg(name, attributes, text) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text) made.textContent = text;
  return made;
}

function reliabilityChart(bins) {
  const x = (share) => 30 + 190 * share, y = (share) => 214 - 200 * share;
  const chart = svg("svg", { viewBox: "0 0 246 246", role: "img", "aria-label": "Reliability: what was said against what was found; the table beside it has the numbers" });
  for (const share of [0, 0.5, 1]) {
    chart.append(svg("line", { x1: x(share), y1: y(0), x2: x(share), y2: y(1), stroke: "var(--line)" }), svg("line", { x1: x(0), y1: y(share), x2: x(1), y2: y(share), stroke: "var(--line)" }),
                 svg("text", { x: x(share), y: 228, "text-anchor": "middle" }, percent(share)), svg("text", { x: 30, y: y(share) + 4, "text-anchor": "end" }, percent(share).replace(" %", "")));
  }
  chart.append(svg("line", { x1: x(0), y1: y(0), x2: x(1), y2: y(1), stroke: "var(--soft)", "stroke-dasharray": "4 4" }));
  const most = Math.max(...bins.map(({ count }) => count));
  for (const { said, found, count } of bins)
    chart.append(svg("circle", { cx: x(said), cy: y(found), r: 3 + 5 * Math.sqrt(count / most), fill: "var(--bar)", "fill-opacity": 0.8 }));
  chart.append(svg("text", { x: 125, y: 243, "text-anchor": "middle" }, "said"));
  return chart;
}

function showEstimate(answer, truth, rest) {
  $("estimate-text").textContent = `${truth.length} of ${state.target.labelled_rows} labelled rows were held out and predicted from the other ${rest.length}. The predictions above know all of them, so they may be a little better.`;
  $("scores").replaceChildren(...scoresOf(answer, truth, rest).map(([name, value, note]) => {
    const box = element("div"), definition = element("dd", value);
    definition.append(element("small", note));
    box.append(element("dt", name), definition);
    return box;
  }));
  const bins = reliabilityOf(answer, truth), isNumber = answer.task === "regression";
  $("reliability").replaceChildren(reliabilityChart(bins));
  $("reliability-text").textContent = isNumber ? "Share of the held-out rows below each quantile. On the dashed line it is what was said."
    : "How often the likeliest class was right, by how likely it was said to be. On the dashed line both agree.";
  const table = $("reliability-table");
  table.replaceChildren();
  headRow(table, ["said", "found", "rows"], ["said", "found", "rows"]);
  const body = table.createTBody();
  for (const { said, found, count } of bins) {
    const row = body.insertRow();
    for (const value of [percent(said), percent(found), count]) {
      const cell = row.insertCell();
      cell.className = "n";
      cell.textContent = value;
    }
  }
  $("estimate").hidden = false;
}

// By how much the loss grows when a column of the held-out rows is shuffled.
async function importances(features, heldRows, truth, askHeld, progress) {
  const random = randomNumbers(2), rows = heldRows.slice(0, kMostPermutedRows), truths = truth.slice(0, rows.length);
  const isNumber = state.target.task === "regression";
  const score = (answer) => isNumber ? Math.sqrt(mean(losses(answer, truths))) : mean(losses(answer, truths));
  const base = score(await askHeld(rows)), found = [];
  for (const name of features) {
    progress.begin(`Shuffling ${name}`);
    const column = state.table.columns.indexOf(name), cells = shuffled(rows.map((row) => row[column]), random);
    const changed = rows.map((row, i) => row.map((cell, place) => place === column ? cells[i] : cell));
    found.push({ name, growth: score(await askHeld(changed)) - base });
    progress.end();
  }
  found.sort((a, b) => b.growth - a.growth);
  const left = state.target.features.length - features.length;
  $("importance-text").textContent = `How much worse ${isNumber ? "the error (RMSE)" : "the log loss"} gets on ${rows.length} held-out rows when one column's cells are shuffled among them; it is ${short(base)} as they are. Columns that say the same share what they are worth${left > 0 ? `; ${left} further columns were not tried` : ""}.`;
  const table = $("importances"), most = Math.max(...found.map(({ growth }) => growth), 1e-9);
  table.replaceChildren();
  headRow(table, ["column", "worse by", ""], ["worse by"]);
  const body = table.createTBody();
  for (const { name, growth } of found) {
    const row = body.insertRow();
    row.append(element("th", name, { scope: "row" }));
    const cell = row.insertCell();
    cell.className = "n";
    cell.textContent = Math.abs(growth) < 5e-5 ? "0" : growth.toPrecision(2);
    const place = row.insertCell();
    place.style.width = "50%";
    place.append(bar(0, Math.max(growth, 0) / most));
  }
  $("importance").hidden = false;
}

// --- What people do ----------------------------------------------------------------------------------------------

function takeFiles(input, drop, take) {
  const read = async (file) => { if (file) await take(await file.arrayBuffer(), file.name); };
  input.addEventListener("change", () => read(input.files[0]));
  drop.addEventListener("dragover", (event) => { event.preventDefault(); drop.classList.add("over"); });
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    read(event.dataTransfer.files[0]);
  });
}

takeFiles($("table-file"), $("drop-table"), takeTable);
takeFiles($("rows-file"), $("drop-rows"), takeQueries);
$("example").addEventListener("click", async () => {
  try {
    await takeTable(await ask("/example.csv", { method: "GET", accept: "text/csv" }), "the example");
  } catch (error) {
    showError(error);
  }
});
$("leave-rows").addEventListener("click", leaveQueries);
$("target").addEventListener("change", () => aboutTarget());
$("task").addEventListener("change", () => aboutTarget());
$("ask-form").addEventListener("submit", predict);
$("cancel").addEventListener("click", () => state.abort.abort());
$("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  state.key = $("key").value.trim();
  $("key-form").hidden = true;
  clearError();
  say("The key will be sent. Try again.");
});
window.addEventListener("pagehide", () => deleteFits(true));
