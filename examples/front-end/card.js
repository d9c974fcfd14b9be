// Shows one customer its standing: tier, benefits, the way further up, and why.
//
// The shop's own server hands out a session: where Tiercel is, which customer is logged in, and a
// token that reads this customer and nothing else. The page asks Tiercel itself.

const element = (id) => document.getElementById(id);
const { language } = navigator;
const number = new Intl.NumberFormat(language, { maximumFractionDigits: 2 });
const day = new Intl.DateTimeFormat(language, { dateStyle: "long", timeZone: "UTC" });

/** Units of measures, in words; amounts of money have the shop's currency. */
const UNITS = { percent: "%", days: "days", months: "months", orders: "orders", products: "products" };

let session;

/** A session of the shop; a new one where the former has ended. */
async function open() {
  const answer = await fetch("session", { cache: "no-store" });
  if (!answer.ok) throw new Error("The shop does not answer.");
  session = await answer.json();
}

/** What Tiercel says of the customer; null where it does not offer that to customers. */
async function ask(what, again = true) {
  const address = `${session.tiercel}/v1/customers/${session.customer}/${what}`;
  const headers = { Authorization: `Bearer ${session.token}` };
  const answer = await fetch(address, { headers });
  if (answer.status === 401 && again) {
    await open();
    return ask(what, false);
  }
  if (answer.status === 404) return null;
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.title);
  return body;
}

const date = (text) => day.format(new Date(`${text}T00:00:00Z`));

/** A measured value as people write it. Amounts are texts of digits: they are never made a float. */
function value({ value: measured, unit }) {
  if (!/^-?\d+(\.\d+)?$/.test(measured)) return measured;
  if (unit === "base_currency") {
    const money = { style: "currency", currency: session.currency };
    return new Intl.NumberFormat(language, money).format(measured);
  }
  const text = number.format(measured);
  if (unit === "percent") return `${text} %`;
  const word = UNITS[unit];
  if (!word) return text;
  return `${text} ${measured === "1" ? word.replace(/s$/, "") : word}`;
}

function item(text) {
  const line = document.createElement("li");
  line.textContent = text;
  return line;
}

const stretch = ({ from, to }) => `${date(from)} to ${date(to)}`;

/** The stretch of time that most was measured in. */
function usual(criteria) {
  const counts = new Map();
  for (const { window: measured } of criteria) {
    if (measured) counts.set(stretch(measured), (counts.get(stretch(measured)) ?? 0) + 1);
  }
  return [...counts].sort(([, one], [, other]) => other - one)[0]?.[0];
}

/** One measured thing: what, how much, and when, unless that is the usual stretch of time. */
function row(criterion, when) {
  const line = document.createElement("div");
  const add = (kind, text, style) => {
    const part = document.createElement(kind);
    part.textContent = text;
    if (style) part.className = style;
    line.append(part);
  };
  add("dt", criterion.label);
  add("dd", value(criterion));
  const measured = criterion.window && stretch(criterion.window);
  if (measured && measured !== when) add("dd", measured, "when");
  return line;
}

function showStanding(why) {
  element("tier").textContent = why.tier_label;
  element("points").textContent = `${number.format(why.score)} points`;
  element("points").hidden = false;
  const changes = why.next_change_on && ` Time alone may change it on ${date(why.next_change_on)}.`;
  element("fresh").textContent = `As of ${date(why.as_of)}.${changes ?? ""}`;
}

function showWhy(why) {
  const known = why.criteria.filter((criterion) => criterion.value !== null);
  const unknown = why.criteria.filter((criterion) => criterion.value === null);
  const when = usual(known);
  const within = when ? ` from ${when}, unless a line says otherwise` : "";
  element("why-intro").textContent = `Your business with us${within}.`;
  element("why-list").replaceChildren(...known.map((criterion) => row(criterion, when)));
  element("why").hidden = false;
  const names = unknown.map((criterion) => criterion.label.toLowerCase());
  element("unknown").textContent = `Nothing is known yet of: ${names.join("; ")}.`;
  element("unknown").hidden = names.length === 0;
}

function showBenefits(card) {
  const lines = (card?.benefits ?? []).map((benefit) => item(benefit.text));
  element("benefits-list").replaceChildren(...lines);
  element("benefits").hidden = lines.length === 0;
}

/** The ways to a tier: the cheapest of all, and what is enough alone, each of them once. */
function showWays(id, ways, intro) {
  const spoken = language.startsWith("zh") ? "zh" : "en";
  const found = ways?.reachable ? [ways.best, ...ways.single] : [];
  const texts = new Set(found.map((way) => way.text[spoken]).filter(Boolean));
  element(`${id}-intro`).textContent = texts.size > 0 ? intro(ways) : "";
  element(`${id}-list`).replaceChildren(...[...texts].map(item));
  element(id).hidden = texts.size === 0;
}

function showPath(path) {
  const until = path && date(path.by);
  showWays("path", path?.next, ({ label }) => `Any of these is enough for ${label} by ${until}:`);
  showWays("keep", path?.keep, ({ label }) => `Any of these is enough to be ${label} on ${until}:`);
}

async function show() {
  element("card").ariaBusy = "true";
  element("trouble").hidden = true;
  try {
    await open();
    const [why, card, path] = await Promise.all([ask("evaluation"), ask("service-card"), ask("path")]);
    if (!why) throw new Error("Nobody has this customer number.");
    showStanding(why);
    showWhy(why);
    showBenefits(card);
    showPath(path);
  } catch (fault) {
    element("tier").textContent = "Not available";
    element("trouble-text").textContent =
      fault instanceof TypeError ? "The connection failed." : fault.message;
    element("trouble").hidden = false;
  }
  element("card").ariaBusy = "false";
}

element("again").addEventListener("click", show);
await show();
