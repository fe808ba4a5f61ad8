// The rows that the player writes: the newest delivered on top, a bounded number. Scrolled away from the top they stand still, and new events are held.
import { rowOf, timeOf } from './event-rows.js';
import { number } from './numbers.js';

const Kept = 1000; // Rows, and events held.
const Away = 8; // px that the head of the table may be above the screen's top.

export class Tail {
  #options;
  #events = []; // As shown, the newest delivered first.
  #held = []; // Delivered while the user reads, in order of delivery.
  #queue = [];
  #listed = new Set(); // Ids that came with the list of a live stream.
  #frame = 0;
  #element = null;

  /** Events that never got a row, because more arrived at once than there are rows. */
  dropped = 0;

  constructor(options) {
    this.#options = options;
    document.addEventListener('scroll', () => { if (this.#held.length > 0 && !this.#isAway) this.release(); }, { passive: true });
    document.addEventListener('click', event => { if (event.target.closest('[data-tail-release]')) this.release(true); });
    this.attach();
  }

  get held() { return this.#held.length; }

  get last() { return this.#events[0] ?? null; }

  get before() { return this.#events[1] ?? null; }

  get isEmpty() { return this.#events.length === 0 && this.#queue.length === 0; }

  get newest() { return this.last && timeOf(this.last, this.#options.timebase()); }

  /** Finds the table of the page; a refreshed page may have a new one. */
  attach() {
    const element = document.querySelector('[data-tail]');
    if (element === this.#element) return;
    this.#element = element;
    this.redraw();
  }

  /** Writes the rows anew, as in another time zone. */
  redraw() {
    this.#rows?.replaceChildren(...this.#events.map(event => this.#row(event)));
  }

  clear() {
    [this.#events, this.#held, this.#queue, this.dropped, this.#listed] = [[], [], [], 0, new Set()];
    this.#rows?.replaceChildren();
    this.#showHeld();
  }

  /** Adds events in order of delivery. Rows are made once per frame. */
  add(events) {
    if (events.length === 0) return;
    if (this.#isAway) {
      this.#held.push(...events);
      this.#cut(this.#held);
      this.#showHeld();
      return;
    }
    this.#queue.push(...events);
    this.#cut(this.#queue);
    this.#frame ||= requestAnimationFrame(() => this.#flush());
  }

  /** Adds events of a live stream. One that was committed while the list was fetched is in both. */
  addNew(events) {
    this.add(events.filter(e => !this.#listed.has(e.eventId)));
  }

  /** Adds events before those shown, newest first. */
  addOlder(events) {
    const known = new Set([...this.#events, ...this.#queue, ...this.#held].map(e => e.eventId));
    const older = events.filter(e => !known.has(e.eventId));
    this.#listed = new Set(older.map(e => e.eventId));
    this.#events.push(...older);
    this.#rows?.append(...older.map(event => this.#row(event)));
  }

  removeLast() {
    this.#events.shift();
    this.#rows?.firstElementChild?.remove();
  }

  /** Shows what was held. */
  release(scrolls = false) {
    if (scrolls) this.#element?.scrollIntoView({ block: 'start', behavior: 'instant' });
    const held = this.#held;
    this.#held = [];
    this.#queue.push(...held);
    this.#flush();
    this.#showHeld();
  }

  #cut(list) {
    const surplus = list.length - Kept;
    if (surplus <= 0) return;
    list.splice(0, surplus);
    this.dropped += surplus;
  }

  #flush() {
    this.#frame = 0;
    const events = this.#queue.splice(0).reverse();
    this.#events = [...events, ...this.#events].slice(0, Kept);
    const rows = this.#rows;
    if (!rows) return;
    rows.prepend(...events.map(event => this.#row(event)));
    while (rows.childElementCount > Kept) rows.lastElementChild.remove();
  }

  #row(event) {
    const { root, timebase, clock } = this.#options;
    return rowOf(event, { timebase: timebase(), clock, linkOf: (e, isInSide) => {
      const url = new URL(location.href);
      url.searchParams.set('at', e.sourceTruthTime);
      if (isInSide) url.searchParams.set('event', e.eventId);
      else url.searchParams.delete('event');
      return (isInSide ? url.pathname : `${root}/events/${e.eventId}`) + url.search;
    } });
  }

  #showHeld() {
    const notice = this.#element?.querySelector('[data-tail-held]');
    if (notice) {
      notice.hidden = this.#held.length === 0;
      notice.querySelector('b').textContent = `${number(this.#held.length)} new`;
    }
    this.#options.onHeld();
  }

  get #rows() { return this.#element?.querySelector('tbody'); }

  get #isAway() { return document.documentElement.classList.contains('playing') && (this.#element?.getBoundingClientRect().top ?? 0) < -Away; }
}
