/* What pages do sooner with a script. Without one, links and buttons do all of it. */
(() => {
  "use strict";

  /* Keys are heard only while a row of a list has the focus: no others are taken from anybody. */
  const focus = (row) => row?.querySelector("td.what a")?.focus();
  const formOf = (row) => row.closest("form.rows");
  const choose = (row) => {
    if (!formOf(row)?.querySelector('input[name="id"]:checked')) row.querySelector('input[name="id"]')?.click();
  };
  const KEYS = {
    j: (row) => focus(row.nextElementSibling),
    k: (row) => focus(row.previousElementSibling),
    x: (row) => row.querySelector('input[name="id"]')?.click(),
    a: (row) => {
      choose(row);
      formOf(row)?.querySelector('button[value="acknowledge"]')?.click();
    },
    c: (row) => {
      choose(row);
      formOf(row)?.querySelector("#many-text")?.focus();
    },
    "/": () => {
      const filters = document.querySelector("details.filters");
      if (!filters) return;
      filters.open = true;
      filters.querySelector("input").focus();
    },
    "?": () => {
      const keys = document.querySelector("#keys");
      if (!keys) return;
      keys.open = !keys.open;
      keys.scrollIntoView({ block: "nearest" });
    },
  };
  document.addEventListener("keydown", (event) => {
    const row = event.target.closest("table.vt tbody tr");
    const does = KEYS[event.key];
    const types = event.target.matches("input:not([type=checkbox]), select, textarea");
    if (!row || !does || types || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    does(row);
  });

  /* What has changed since the page was made is counted above it; no row moves by itself. */
  const KINDS = ["opened", "changed", "closed", "withdrawn", "reviewed"];
  let source = null;
  let changed = new Set();
  const isShown = ({ only, seqs }, { id, seq }) => {
    if (only && only !== id) return true;
    const links = [...document.querySelectorAll("td.what a")];
    const row = only ? 0 : links.findIndex((link) => link.pathname === `/violations/${id}`);
    return Number(seqs.split(" ")[row]) >= seq;
  };
  const say = (news, text) => {
    news.querySelector("b").textContent = text;
    news.hidden = false;
  };
  const follow = () => {
    source?.close();
    const news = document.querySelector("#news");
    /* A browser has few connections to a server at a time: a page that nobody sees holds none. */
    if (!news || document.hidden) return;
    const { follow: address, after, some, lost } = news.dataset;
    source = new EventSource(`${address}&after=${encodeURIComponent(after)}`);
    source.addEventListener("reset", () => say(news, lost));
    for (const kind of KINDS)
      source.addEventListener(kind, (event) => {
        news.dataset.after = event.lastEventId;
        const change = JSON.parse(event.data);
        if (isShown(news.dataset, change)) return;
        changed.add(change.id);
        say(news, some.replace("{}", changed.size));
      });
  };
  const begin = () => {
    changed = new Set();
    document.querySelector("#keys")?.removeAttribute("hidden");
    follow();
  };
  document.addEventListener("visibilitychange", follow);
  /* A page that goes into the browser's memory lets its connection go, and comes back with one. */
  window.addEventListener("pagehide", () => source?.close());
  window.addEventListener("pageshow", begin);
  document.addEventListener("htmx:after:swap", () => {
    /* Rows become others in their places: what was selected there was not these. */
    document.querySelector("form.rows")?.reset();
    begin();
  });
  /* What htmx could not do the browser does, and says why it cannot. */
  document.addEventListener("htmx:error", (event) => event.target.closest?.("form")?.submit());
})();
