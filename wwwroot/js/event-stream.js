// A client of GET /ws: it reconnects, goes on where it was, and proves that nothing is missing in between. docs/streaming.md describes the messages.

const MinPause = 500; // ms before connecting again; doubles up to the maximum
const MaxPause = 15_000;
const FirstAnswer = 8_000; // ms within which the server answers, or the stream counts as blocked

// The sequence of a frame may be a number that a double cannot hold; positions and times are smaller.
const exact = (_, value, context) => typeof value === 'number' && !Number.isSafeInteger(value) && /^\d+$/.test(context?.source ?? '') ? BigInt(context.source) : value;

const parse = text => /\d{17}|9\d{15}/.test(text) ? JSON.parse(text, exact) : JSON.parse(text);

/**
 * `on` has functions, all optional: chunk(events, message), state('connecting' | 'live' | 'behind' | 'playing' | 'complete' | 'blocked'), error(text),
 * reset(message), gap(message).
 */
export class EventStream {
  #on;
  #address;
  #socket = null;
  #request = null;
  #playback = null;
  #epoch = null;
  #token = null; // epoch and position of a live stream
  #cursor = null; // of a timed stream
  #pause = MinPause;
  #timer = null;
  #answerTimer = null;
  #hasWorked = false;

  /** `path` is that of the socket on this server. */
  constructor(on, path = '/ws') {
    this.#on = on;
    this.#address = new URL(path, location.href.replace(/^http/, 'ws'));
  }

  /** Starts a stream in place of the one before. `request` has the members of startStream. */
  start(request) {
    this.#request = request;
    [this.#playback, this.#token, this.#cursor] = [null, null, request.cursor ?? null];
    if (this.#socket?.readyState === WebSocket.OPEN) this.#send();
    else if (!this.#socket) this.#connect();
  }

  /** Changes the rate of a timed stream; its sign stays. */
  setRate(rate) {
    this.#request = { ...this.#request, rate };
    this.#tell({ type: 'setRate', rate });
  }

  /** Ends the stream and the connection. Returns where a timed stream stands, to go on there. */
  stop() {
    clearTimeout(this.#timer);
    this.#endWait();
    const socket = this.#socket;
    [this.#socket, this.#request, this.#playback] = [null, null, null];
    socket?.close();
    return this.#cursor;
  }

  #connect() {
    this.#on.state?.('connecting');
    const socket = this.#socket = new WebSocket(this.#address);
    if (!this.#hasWorked) this.#answerTimer ??= setTimeout(() => this.#on.state?.('blocked'), FirstAnswer);
    socket.onopen = () => this.#send();
    socket.onmessage = message => { if (socket === this.#socket) this.#receive(parse(message.data)); };
    socket.onclose = () => {
      if (socket !== this.#socket) return;
      this.#socket = null;
      if (!this.#request) return;
      this.#on.state?.('connecting');
      this.#timer = setTimeout(() => this.#connect(), this.#pause);
      this.#pause = Math.min(2 * this.#pause, MaxPause);
    };
  }

  #send() {
    const { cursor, ...request } = this.#request;
    const resumed = this.#token ? { after: this.#token, startTime: null } : this.#cursor ? { cursor: this.#cursor } : {};
    this.#tell({ type: 'startStream', ...request, ...resumed });
  }

  #tell(message) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #receive(message) {
    this.#endWait();
    this.#hasWorked = true;
    if (message.type === 'streamStarted') {
      this.#playback = message.playbackRequestId;
      this.#epoch = message.epoch;
      this.#pause = MinPause;
      this.#on.state?.(this.#isLive ? 'live' : 'playing');
      return;
    }
    if (message.type === 'error') return this.#on.error?.(message.error);
    if (message.playbackRequestId !== undefined && message.playbackRequestId !== this.#playback) return; // Of the stream before.
    switch (message.type) {
      case 'streamChunk': return this.#take(message);
      case 'caughtUp':
        this.#token = `${this.#epoch}.${message.position}`;
        this.#request = { ...this.#request, startTime: null, stopTime: null, rate: 1 };
        return this.#on.state?.('live', message);
      case 'fellBehind': return this.#on.state?.('behind', message);
      case 'reset':
        this.#epoch = message.epoch;
        this.#token = `${message.epoch}.${message.newest}`;
        return this.#on.reset?.(message);
      case 'streamComplete':
        this.#request = null;
        return this.#on.state?.('complete');
    }
  }

  #take(message) {
    if (message.position !== undefined) {
      const known = this.#token?.split('.')[1];
      if (known !== undefined && message.prev !== undefined && String(message.prev) !== known) this.#on.gap?.({ expected: Number(known), prev: message.prev });
      this.#token = `${this.#epoch}.${message.position}`;
    }
    if (message.cursor) this.#cursor = message.cursor;
    this.#on.chunk?.(message.events, message);
  }

  #endWait() {
    clearTimeout(this.#answerTimer);
    this.#answerTimer = null;
  }

  get #isLive() {
    return this.#request?.startTime === null && !this.#request.cursor;
  }
}
