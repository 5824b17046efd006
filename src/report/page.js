// Draws the charts of a page (report/html_document.cc) with Plotly, in the page's colours and with the chosen view.
'use strict';
(() => {
  const root = document.documentElement;

  // The page's colour for a CSS variable, with light-dark() resolved.
  function colour(name) {
    const probe = document.body.appendChild(document.createElement('span'));
    probe.style.color = `var(${name})`;
    const value = getComputedStyle(probe).color;
    probe.remove();
    return value;
  }

  function template() {
    const ink = colour('--ink'), soft = colour('--soft'), line = colour('--line'), paper = colour('--paper');
    const axis = {gridcolor: line, zerolinecolor: line, linecolor: soft, tickcolor: soft};
    return {layout: {
      font: {color: ink, family: getComputedStyle(document.body).fontFamily, size: 12},
      paper_bgcolor: 'rgba(0,0,0,0)', plot_bgcolor: 'rgba(0,0,0,0)',
      xaxis: axis, yaxis: axis,
      hoverlabel: {bgcolor: paper, bordercolor: soft, font: {color: ink}},
      modebar: {bgcolor: 'rgba(0,0,0,0)', color: soft, activecolor: ink},
      legend: {orientation: 'h', y: 1.02, yanchor: 'bottom', x: 0},
      margin: {l: 60, r: 20, t: 30, b: 50},
    }};
  }

  function save(name, type, text) {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([text], {type}));
    link.download = name;
    link.click();
    URL.revokeObjectURL(link.href);
  }

  const figureButton = {
    name: 'figure', title: 'Save as Plotly JSON', icon: null,
    click: panel => save('figure.json', 'application/json', panel.dataset.figure),
  };

  const isPrinting = () => root.classList.contains('printing');

  // On paper, a chart that is a little too tall is squeezed: one that a page has no room for would be cut in two.
  const pageHeight = 840, tallest = 1.5 * pageHeight;
  function heightOf(figure) {
    const height = figure.layout.height;
    return isPrinting() && height < tallest ? Math.min(height, pageHeight) : height;
  }

  function drawPanel(panel, figure, description) {
    if (panel.dataset.printing !== String(isPrinting())) Plotly.purge(panel);  // it keeps room for a legend of another width
    panel.dataset.printing = isPrinting();
    panel.dataset.figure = JSON.stringify(figure);
    panel.setAttribute('aria-label', description);
    const layout = structuredClone(figure.layout);
    layout.height = heightOf(figure);
    layout.template = template();
    const room = panel.parentElement.clientWidth, least = figure.layout.meta?.min_width ?? 0;
    layout.width = Math.max(room, least);
    panel.style.minWidth = `${least}px`;
    panel.style.height = `${layout.height}px`;
    panel.style.zoom = isPrinting() ? room / layout.width : 1;  // paper has no scroll bars
    Plotly.react(panel, structuredClone(figure.data), layout, {
      responsive: true, displaylogo: false,
      toImageButtonOptions: {format: 'svg'},
      modeBarButtonsToRemove: ['select2d', 'lasso2d', 'autoScale2d'],
      modeBarButtonsToAdd: [{...figureButton, icon: Plotly.Icons.disk}],
    });
  }

  class Chart {
    constructor(element) {
      this.element = element;
      this.panels = element.querySelector('.panels');
      this.views = JSON.parse(element.querySelector('script').textContent);
      this.selects = [...element.querySelectorAll('.choices select')];
      this.numbers = element.querySelector('.numbers');
      this.numbers.open = false;
      for (const select of this.selects) select.addEventListener('change', () => this.draw());
    }

    chosenView() {
      return this.selects.reduce((view, select) => view * select.options.length + select.selectedIndex, 0);
    }

    isVisible() { return this.panels.clientWidth > 0; }

    draw() {
      if (!this.isVisible()) return;
      const view = this.chosenView(), wanted = this.views[view];
      [...this.numbers.querySelectorAll('.view')].forEach((table, place) => { table.hidden = place !== view; });
      while (this.panels.children.length > wanted.length) {
        Plotly.purge(this.panels.lastChild.lastChild);
        this.panels.lastChild.remove();
      }
      while (this.panels.children.length < wanted.length) {
        const box = this.panels.appendChild(document.createElement('div'));
        box.className = 'panel';
        box.appendChild(document.createElement('h4'));
        box.appendChild(document.createElement('div')).setAttribute('role', 'img');
      }
      wanted.forEach(({title, figure}, place) => {
        const [heading, panel] = this.panels.children[place].children;
        heading.textContent = title;
        heading.hidden = !title;
        drawPanel(panel, figure, `${title} ${this.panels.dataset.description}`.trim());
      });
    }
  }

  root.classList.add('scripted');
  const charts = [...document.querySelectorAll('figure.chart')].map(element => new Chart(element));
  const drawAll = () => charts.forEach(chart => chart.draw());

  for (const fold of document.querySelectorAll('details.fold')) {
    fold.addEventListener('toggle', () => charts.forEach(chart => { if (fold.contains(chart.element)) chart.draw(); }));
  }
  document.querySelector('.theme select').addEventListener('change', event => {
    root.dataset.theme = event.target.value;
    drawAll();
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll);

  const tables = new ResizeObserver(entries => {
    for (const {target} of entries) target.classList.toggle('cut', target.scrollWidth > target.clientWidth + 1);
  });
  for (const table of document.querySelectorAll('.scroll')) tables.observe(table);

  function print(start) {
    root.classList.toggle('printing', start);
    drawAll();
  }
  addEventListener('beforeprint', () => print(true));
  addEventListener('afterprint', () => print(false));
  drawAll();
})();
