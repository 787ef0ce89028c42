"use strict";
// Draws each figure when it is first seen, and all of them before the page is printed.
(() => {
  const page = JSON.parse(document.getElementById("figures").textContent);
  const plots = [...document.querySelectorAll(".plot")];
  // What fits on A4, in pixels: the print stylesheet says the same.
  const paper = { wide: { width: 690, height: 260, autosize: false }, half: { width: 338, height: 235, autosize: false } };
  const narrow = () => window.innerWidth <= 520;

  const axis = { gridcolor: "#eceff3", linecolor: "#9ca3af", zerolinecolor: "#d1d5db", zeroline: false, automargin: true };
  const base = () => ({
    font: { family: getComputedStyle(document.body).fontFamily, size: narrow() ? 11 : 12, color: "#111827" },
    paper_bgcolor: "#fff", plot_bgcolor: "#fff", hovermode: "x unified", dragmode: narrow() ? false : "zoom",
    margin: { l: narrow() ? 44 : 58, r: 10, t: 6, b: 34 }, hoverlabel: { font: { size: 11 } },
    legend: { orientation: "h", x: 0, y: 1.01, yanchor: "bottom", font: { size: 11 }, itemwidth: 30 },
  });

  function traceOf(given) {
    const { t, aside, ...trace } = given;
    if (t) trace.x = t.map((s) => (page.began_s + s) * 1000);
    return { type: "scatter", connectgaps: false, ...trace };
  }

  function layoutOf(given) {
    const layout = { ...base(), ...given };
    for (const name of Object.keys(layout).filter((key) => /^[xy]axis\d*$/.test(key)))
      layout[name] = { ...axis, ...layout[name], title: { standoff: 8, font: { size: 11 }, ...(layout[name].title || {}) } };
    if (!layout.xaxis || layout.xaxis.type !== "date") layout.hovermode = "closest";
    return layout;
  }

  function draw(plot, size) {
    const given = page.figures[plot.dataset.figure];
    const layout = layoutOf(given.layout);
    if (size) Object.assign(layout, paper[size], { font: { ...layout.font, size: 9 }, legend: { ...layout.legend, font: { size: 8 } } });
    plot.dataset.drawn = "begun";
    const config = { displaylogo: false, responsive: true, displayModeBar: false };
    plot.ready = Plotly.newPlot(plot, given.traces.map(traceOf), layout, config).then(() => {
      plot.dataset.drawn = "done";
      if (layout.xaxis.type === "date") plot.on("plotly_relayout", (change) => follow(plot, change));
    });
  }

  // To zoom into one figure over time zooms its neighbours, so that they can be read together.
  let following = false;
  function follow(plot, change) {
    const range = change["xaxis.range[0]"] && [change["xaxis.range[0]"], change["xaxis.range[1]"]];
    if (following || !(range || change["xaxis.autorange"])) return;
    following = true;
    const other = plots.filter((each) => each !== plot && each.dataset.drawn === "done"
      && each.closest("section") === plot.closest("section") && each.layout.xaxis.type === "date");
    const update = range ? { "xaxis.range": range } : { "xaxis.autorange": true };
    Promise.all(other.map((each) => Plotly.relayout(each, update))).finally(() => { following = false; });
  }

  const seen = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries)
      if (isIntersecting && !target.dataset.drawn) { seen.unobserve(target); draw(target); }
  }, { rootMargin: "300px" });
  plots.forEach((plot) => seen.observe(plot));

  const tabs = [...document.querySelectorAll(".tabs button")];
  function choose(tab) {
    for (const each of tabs) {
      each.setAttribute("aria-selected", String(each === tab));
      document.getElementById(each.getAttribute("aria-controls")).hidden = each !== tab;
    }
    window.dispatchEvent(new Event("resize"));
  }
  tabs.forEach((tab, n) => {
    tab.addEventListener("click", () => choose(tab));
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const next = tabs[(n + step + tabs.length) % tabs.length];
      next.focus();
      choose(next);
    });
  });

  window.addEventListener("beforeprint", () => {
    for (const plot of plots) {
      const size = plot.closest("figure").classList.contains("wide") ? "wide" : "half";
      if (plot.dataset.drawn === "done") Plotly.relayout(plot, paper[size]);
      else if (plot.ready) plot.ready.then(() => Plotly.relayout(plot, paper[size]));
      else { seen.unobserve(plot); draw(plot, size); }
    }
  });
  // Sizes for paper do not fit a window: each figure is drawn anew when it is next seen.
  function backOnScreen(plot) {
    Plotly.purge(plot);
    delete plot.dataset.drawn;
    delete plot.ready;
    seen.observe(plot);
  }
  window.addEventListener("afterprint", () => plots.forEach((plot) => plot.ready.then(() => backOnScreen(plot))));
})();
