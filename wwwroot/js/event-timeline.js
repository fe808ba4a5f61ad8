// The playhead over the lanes of counts: shows the position, and seeks by mouse, touch and keyboard.

const Steps = { ArrowLeft: -0.01, ArrowRight: 0.01, PageUp: -0.1, PageDown: 0.1 };

export class Timeline {
  #onSeek;
  #text;
  #dragged = null;

  constructor({ onSeek, text }) {
    this.#onSeek = onSeek;
    this.#text = text;
    document.addEventListener('pointerdown', event => {
      const plot = event.target.closest('[data-timeline]') ? this.#plot : null;
      if (!plot || event.button !== 0 || !isWithin(plot, event)) return;
      event.preventDefault();
      this.#dragged = this.#timeAt(plot, event);
      this.draw(this.#dragged);
      this.#head.setPointerCapture?.(event.pointerId);
    });
    document.addEventListener('pointermove', event => {
      if (this.#dragged === null || !this.#plot) return;
      this.#dragged = this.#timeAt(this.#plot, event);
      this.draw(this.#dragged);
    });
    const drop = () => {
      const time = this.#dragged;
      this.#dragged = null;
      if (time !== null) this.#onSeek(time);
    };
    document.addEventListener('pointerup', drop);
    document.addEventListener('pointercancel', () => { this.#dragged = null; });
    document.addEventListener('keydown', event => {
      if (!event.target.closest?.('[data-playhead]') || event.ctrlKey || event.metaKey || event.altKey) return;
      const part = Steps[event.key] !== undefined ? Number(this.#head.dataset.part || 1) + Steps[event.key] : { Home: 0, End: 1 }[event.key];
      if (part === undefined) return;
      event.preventDefault();
      this.#onSeek((this.from + Math.min(1, Math.max(0, part)) * (this.to - this.from)) * 1e6);
    });
  }

  /** Unix seconds. */
  get from() { return Number(this.#area?.dataset.from); }

  get to() { return Number(this.#area?.dataset.to); }

  /** Shows a position in microseconds; null: none. */
  draw(position) {
    const head = this.#head;
    if (!head) return;
    const part = position === null ? 1 : (position / 1e6 - this.from) / (this.to - this.from);
    const isThere = position !== null && part >= 0 && part <= 1.02;
    head.classList.toggle('away', !isThere);
    head.dataset.part = Math.min(1, Math.max(0, part));
    head.style.left = `${100 * head.dataset.part}%`;
    head.ariaValueNow = String(Math.round(100 * head.dataset.part));
    head.ariaValueText = position === null ? 'not playing' : this.#text(position).slice(0, 19);
    head.querySelector('span').textContent = this.#dragged === null || position === null ? '' : this.#text(position).slice(0, 19);
  }

  get #area() { return document.querySelector('[data-timeline]'); }

  get #head() { return document.querySelector('[data-playhead]'); }

  get #plot() { return document.querySelector('[data-timeline-plot]'); }

  #timeAt(plot, event) {
    const box = plot.getBoundingClientRect();
    const part = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    return Math.round((this.from + part * (this.to - this.from)) * 1e6);
  }
}

function isWithin(plot, event) {
  const box = plot.getBoundingClientRect();
  return event.clientX >= box.left - 8 && event.clientX <= box.right + 8;
}
