// The player of the page Events: follows new events, plays stored ones at any rate, forward and backward, pauses, steps and scrubs. State in the URL.
import { setConnection } from './connection.js';
import { now } from './clock.js';
import { EventStream } from './event-stream.js';
import { Tail } from './event-tail.js';
import { microseconds, timeOf } from './event-rows.js';
import { Timeline } from './event-timeline.js';
import { number } from './numbers.js';
import { day, iso } from './zone-time.js';

const Rates = [-100, -50, -20, -10, -5, -2, -1, 1, 2, 5, 10, 20, 50, 100];
const Page = 50; // Events that a seek shows.
const MaxTies = 1000; // Events of one time that a step looks through.
const SaveEvery = 2_000; // ms between changes of the URL while playing.

let player = null;

export function startPlayer() {
  const attach = () => {
    const element = document.querySelector('[data-player]');
    if (element === player?.element) return void player?.follow();
    player?.stop();
    player = element ? new Player(element) : null;
    player?.restore();
  };
  attach();
  document.addEventListener('page:swapped', attach);
  window.addEventListener('popstate', () => player?.restore());
}

class Player {
  #mode = 'off'; // off: the list of the page; live, playing, paused
  #rate = 1;
  #position = null; // µs
  #cursor = null;
  #saved = 0;
  #lookup = 0; // Number of the latest fetch; answers of earlier ones are dropped.
  #selection;
  #zone;
  #words = '';
  #link = 'connecting'; // The state of the stream

  constructor(element) {
    this.element = element;
    [this.#selection, this.#zone] = [this.#readSelection(), element.dataset.tz];
    this.tail = new Tail({ root: element.dataset.root, timebase: () => element.dataset.timebase, clock: time => this.#clockText(time), onHeld: () => this.#show() });
    this.timeline = new Timeline({ text: time => this.#clockText(time), onSeek: time => this.seek(time) });
    this.stream = new EventStream({
      chunk: (events, message) => this.#take(events, message),
      state: (state, message) => this.#onState(state, message),
      error: error => this.#tell(error),
      reset: () => this.#tell('The store was restored. Showing what it has now.'),
      gap: () => this.#tell('Events are missing here.'),
    }, `${element.dataset.root}/ws`);
    element.addEventListener('click', event => this.#press(event.target.closest('[data-play]')?.dataset.play));
    element.querySelector('[data-play-rate]').addEventListener('input', event => this.setRate(Rates[event.target.value]));
    element.querySelector('[data-play-gaps]').addEventListener('change', () => { if (this.#mode === 'playing') this.play(this.#rate); });
    setInterval(() => { if (this.#mode === 'live') this.#show(); }, 1000);
  }

  /** Takes the state from the URL. */
  restore() {
    const query = new URLSearchParams(location.search);
    const [mode, position] = [query.get('play'), microseconds(query.get('position') ?? '')];
    this.#position = position || Number(this.element.dataset.end) * 1e6;
    if (mode === 'live') return this.live();
    if (mode === 'paused' && position) return void this.seek(position, { isSaved: false });
    if (Rates.includes(Number(mode)) && position) {
      this.#rate = Number(mode);
      return this.play(this.#rate);
    }
    this.#leave();
  }

  /** The page was rendered anew: with other filters the stream starts again, in another time zone the rows are written anew. */
  follow() {
    const [selection, zone] = [this.#readSelection(), this.element.dataset.tz];
    const [isSame, isSameZone] = [selection === this.#selection, zone === this.#zone];
    [this.#selection, this.#zone] = [selection, zone];
    this.timeline.draw(this.#position);
    this.tail.attach();
    if (!isSameZone) this.tail.redraw();
    this.#setPlaying(this.#mode !== 'off');
    if (isSame || this.#mode === 'off') return this.#show();
    if (this.#mode === 'live') this.live();
    else if (this.#mode === 'playing') this.play(this.#rate);
    else this.seek(this.#position);
  }

  stop() {
    this.#lookup++;
    this.stream.stop();
    this.#setPlaying(false);
  }

  live() {
    this.#lookup++;
    this.#mode = 'live';
    this.#cursor = null;
    this.#setPlaying(true);
    this.tail.clear();
    this.stream.start({ startTime: null, stopTime: null, rate: 1, ...this.#options() });
    this.#save(true);
    this.#show();
  }

  /** Plays from the position; a negative rate plays backward. */
  play(rate) {
    const isTurned = Math.sign(rate) !== Math.sign(this.#rate);
    this.#lookup++;
    this.#mode = 'playing';
    this.#rate = rate;
    this.#setPlaying(true);
    const cursor = isTurned ? null : this.#cursor;
    this.stream.start({
      startTime: Math.round(this.#position), stopTime: null, rate, ...this.#options(), skipGaps: this.element.querySelector('[data-play-gaps]').checked,
      ...(cursor ? { cursor } : {}),
    });
    this.#save(true);
    this.#show();
  }

  pause() {
    if (this.#mode === 'live') this.#position = this.tail.newest ?? now() * 1000;
    this.#mode = 'paused';
    this.#cursor = this.stream.stop();
    this.#save(true);
    this.#show();
  }

  /** Goes to a time: shows the events before it, and plays on if it was playing. */
  async seek(time, { isSaved = true } = {}) {
    const isPlaying = this.#mode === 'playing';
    this.#position = time;
    this.#cursor = null;
    this.stream.stop();
    this.#mode = 'paused';
    this.#setPlaying(true);
    this.#show();
    if (isSaved) this.#save(true);
    const events = await this.#fetch({ to: Math.round(time), order: 'desc', limit: Page });
    if (!events) return;
    this.tail.clear();
    this.tail.add(events.reverse());
    if (isPlaying) this.play(this.#rate);
  }

  setRate(rate) {
    const isTurned = Math.sign(rate) !== Math.sign(this.#rate);
    if (this.#mode === 'playing' && isTurned) return this.play(rate);
    this.#rate = rate;
    if (this.#mode === 'playing') {
      this.stream.setRate(rate);
      this.#save(true);
    }
    this.#show();
  }

  #press(name) {
    switch (name) {
      case 'first': return this.#first();
      case 'back': return this.#step(-1);
      case 'on': return this.#step(1);
      case 'backward': return this.#mode === 'playing' && this.#rate < 0 ? this.pause() : this.#begin(-Math.abs(this.#rate));
      case 'toggle': return this.#mode === 'live' || this.#mode === 'playing' ? this.pause() : this.#begin(this.#mode === 'paused' ? this.#rate : Math.abs(this.#rate));
      case 'live': return this.live();
      case 'slower': return this.#shift(-1);
      case 'faster': return this.#shift(1);
    }
  }

  // From the list of the page, play begins at its end when backward, at its start when forward.
  #begin(rate) {
    if (this.#mode === 'off') this.#position = rate < 0 ? Number(this.element.dataset.end) * 1e6 : Number(this.element.dataset.start) * 1e6;
    if (this.#mode === 'live') this.#position = this.tail.newest ?? now() * 1000;
    if (this.#mode !== 'paused') {
      this.tail.clear();
      this.#cursor = null;
    }
    this.play(rate);
  }

  #shift(by) {
    const at = Rates.indexOf(this.#rate);
    this.setRate(Rates[Math.min(Rates.length - 1, Math.max(0, at + by))]);
  }

  async #first() {
    const [first] = await this.#fetch({ order: 'asc', limit: 1 }) ?? [];
    if (first) await this.seek(this.#timeOf(first) + 1);
  }

  // One event on: the one after the newest row. Back: the row goes, and the one before it is the newest.
  async #step(by) {
    if (this.#mode === 'off') this.#position = Number(this.element.dataset.end) * 1e6;
    if (this.#mode !== 'paused') {
      this.pause();
      this.#setPlaying(true);
    }
    this.#cursor = null;
    const last = this.tail.last;
    if (by < 0) {
      const before = this.tail.before;
      if (last) this.tail.removeLast();
      this.#position = before ? this.#timeOf(before) + 1 : last ? this.#timeOf(last) : this.#position;
      if (!before) {
        const events = await this.#fetch({ to: Math.round(this.#position), order: 'desc', limit: Page });
        this.tail.add((events ?? []).reverse());
      }
    } else {
      const from = last ? this.#timeOf(last) : Math.round(this.#position);
      const events = await this.#fetch({ from, order: 'asc', limit: MaxTies });
      if (!events) return;
      const next = events[events.findIndex(e => e.eventId === last?.eventId) + 1];
      if (!next) return this.#tell('No later event.');
      this.tail.add([next]);
      this.#position = this.#timeOf(next) + 1;
    }
    this.#save(true);
    this.#show();
  }

  async #fetch(parameters) {
    const own = ++this.#lookup;
    const query = new URLSearchParams({ ...JSON.parse(this.element.dataset.filters), timebase: this.element.dataset.timebase, ...parameters });
    try {
      const response = await fetch(`${this.element.dataset.root}/api/events?${query}`);
      const answer = await response.json();
      if (own !== this.#lookup) return null;
      if (!response.ok) throw new Error(answer.detail);
      return answer.events;
    } catch (failure) {
      if (own === this.#lookup) this.#tell(failure.message || 'The server cannot be reached.');
      return null;
    }
  }

  #take(events, message) {
    if (this.#mode === 'playing' && message.timestamp !== undefined) this.#position = message.timestamp;
    if (this.#mode === 'live') this.tail.addNew(events);
    else this.tail.add(events);
    if (performance.now() - this.#saved > SaveEvery) this.#save();
    this.#show();
  }

  async #onState(state, message) {
    [this.#words, this.#link] = ['', state];
    if (state === 'live') {
      if (this.#mode === 'playing') this.#mode = 'live'; // The replay has reached the head.
      if (this.tail.isEmpty) {
        const events = await this.#fetch({ order: 'desc', limit: Page });
        if (events && this.#mode === 'live') this.tail.addOlder(events);
      }
    }
    if (state === 'behind') this.#words = `behind ${seconds(message.behindBy)}`;
    if (state === 'complete') {
      this.#mode = 'paused';
      this.#words = this.#rate < 0 ? 'first event reached' : 'end reached';
      this.stream.stop();
      this.#save(true);
    }
    if (state === 'blocked') {
      this.#leave();
      setConnection('polling');
      this.#tell('The stream does not get through. The list below refreshes instead.');
    }
    this.#show();
  }

  #leave() {
    this.#lookup++;
    this.#mode = 'off';
    this.stream.stop();
    this.#setPlaying(false);
    this.timeline.draw(null);
    this.#show();
  }

  #setPlaying(isPlaying) {
    document.documentElement.classList.toggle('playing', isPlaying);
    this.tail.attach();
  }

  #options() {
    return { timebase: this.element.dataset.timebase, filters: JSON.parse(this.element.dataset.filters) };
  }

  #readSelection() {
    return this.element.dataset.filters + this.element.dataset.timebase;
  }

  #timeOf(event) {
    return timeOf(event, this.element.dataset.timebase);
  }

  #clockText(time) {
    const text = iso(Math.floor(time / 1000), this.element.dataset.tz);
    return `${text.slice(0, 10)} ${text.slice(11, 19)}.${String(Math.floor(time) % 1e6).padStart(6, '0')}`;
  }

  #tell(words) {
    this.#words = words;
    this.#show();
  }

  #modeText() {
    return { off: '', live: 'live', paused: 'paused', playing: `${this.#rate < 0 ? 'backward' : 'forward'} × ${Math.abs(this.#rate)}` }[this.#mode];
  }

  #save(isNow = false) {
    if (!isNow && this.#mode !== 'playing') return;
    this.#saved = performance.now();
    const url = new URL(location.href);
    url.searchParams.set('play', this.#mode === 'playing' ? this.#rate : this.#mode);
    if (this.#mode === 'live') url.searchParams.delete('position');
    else url.searchParams.set('position', `${new Date(Math.floor(this.#position / 1000)).toISOString().slice(0, -1)}${String(Math.floor(this.#position) % 1000).padStart(3, '0')}Z`);
    url.searchParams.delete('page');
    if (url.href !== location.href) history.replaceState(history.state, '', url);
  }

  #show() {
    const { element } = this;
    const find = selector => element.querySelector(selector);
    const isLive = this.#mode === 'live';
    const isRunning = isLive || this.#mode === 'playing';
    element.dataset.mode = this.#mode;
    const time = isLive ? now() * 1000 : this.#position;
    const zone = element.dataset.tz;
    const clock = find('[data-play-clock]');
    clock.replaceChildren(...this.#mode === 'off' ? [] : [
      this.#clockText(time).slice(11, isLive ? 19 : 23), Object.assign(document.createElement('small'), { textContent: ` ${day(time / 1000, zone)}, ${zone}` })]);
    const toggle = find('[data-play=toggle]');
    toggle.classList.toggle('running', isRunning);
    toggle.ariaLabel = isRunning ? 'Pause' : 'Play';
    toggle.title = `${toggle.ariaLabel} (space)`;
    find('[data-play=backward]').ariaPressed = String(this.#mode === 'playing' && this.#rate < 0);
    const live = find('[data-play=live]');
    live.textContent = isLive ? 'LIVE' : this.#mode === 'off' ? 'Go LIVE' : 'Jump to now';
    live.ariaPressed = String(isLive);
    const slider = find('[data-play-rate]');
    slider.disabled = isLive;
    slider.value = Rates.indexOf(this.#rate);
    slider.ariaValueText = `${this.#rate} times`;
    find('[data-play-rate-text]').textContent = isLive ? 'as they come' : `× ${this.#rate}`.replace('-', '−');
    const { held, dropped } = this.tail;
    find('[data-play-state]').textContent = [this.#words, this.#mode === 'off' ? '' : held > 0 ? `${number(held)} held` : '', dropped > 0 ? `${number(dropped)} dropped` : ''].filter(Boolean).join(' · ');
    this.timeline.draw(this.#mode === 'off' ? null : time);
    if (isRunning && this.#link === 'connecting') setConnection('reconnecting');
    else if (this.#mode !== 'off') setConnection(isLive ? 'live' : 'held', this.#modeText());
  }
}

const seconds = microseconds => microseconds < 1e6 ? `${Math.round(microseconds / 1000)} ms` : `${(microseconds / 1e6).toFixed(1)} s`;
