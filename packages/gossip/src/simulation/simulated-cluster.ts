/**
 * A cluster in one thread: the real protocol of every member, over a virtual network, on virtual time.
 *
 * Messages are passed as they are, without encryption and serialisation; their bytes are counted as they would be sent.
 * Members that know each other from the start share one table to begin with, so ten thousand of them are there at once.
 *
 *     crash, pause, slow, block          what a node or a direction suffers
 *     run(untilMs)                       lets time pass
 *     onEvent                            what the members say
 *
 * Invariants:
 * - Equal options and calls give equal runs.
 */
import { ClorthoError, type Random, seededRandom } from '@clortho/base';
import type { CoreEvent, CoreHost, Sender, StreamOrigin, StreamProgress } from '../core/core-host.ts';
import { GossipCore } from '../core/gossip-core.ts';
import type { Tuning } from '../core/tuning.ts';
import { memberItem } from '../item/item-codec.ts';
import { createDirectory, type Directory } from '../member/directory.ts';
import { createTable } from '../member/member-table.ts';
import { MemberView } from '../member/member-view.ts';
import { ALIVE } from '../member/status.ts';
import type { Message } from '../wire/message.ts';
import { messageBytes } from '../wire/message-codec.ts';
import { PACKET_OVERHEAD_BYTES } from '../wire/packet-header.ts';
import { EventQueue, type NextEvent } from './event-queue.ts';
import {
  answerMs,
  datagramMs,
  isDoubled,
  LINK,
  type LinkOptions,
  STREAM_SILENT_MS,
  streamTimes,
} from './link.ts';
import { SharedRecords } from './shared-records.ts';
import { Traffic } from './traffic.ts';

/** What to simulate. */
export interface SimulationOptions {
  readonly nodes: number;
  readonly seed: number;
  readonly link?: Partial<LinkOptions> | undefined;
  readonly tuning?: Partial<Tuning> | undefined;
  /** Whether the nodes know each other from the start, as after a long time together. Default: they do. */
  readonly isAcquainted?: boolean | undefined;
  /** Called with what happens at a node. */
  readonly onEvent?: ((node: number, event: CoreEvent, timeMs: number) => void) | undefined;
  /** Called with every datagram sent, for checks of messages. */
  readonly onSend?: ((node: number, message: Message, bytes: number) => void) | undefined;
}

interface SimulatedNode {
  core: GossipCore;
  sender: Sender;
  readonly address: string;
  readonly host: CoreHost;
  isUp: boolean;
  pausedUntil: number;
  /** How many packets wait for the end of the pause. */
  held: number;
  /** What everything takes longer here. */
  slowMs: number;
  wakeScheduled: number;
}

/** The least time between things that waited for a paused node, so that they keep their order. */
const QUEUE_STEP_MS = 1e-4;
const FIRST_PORT = 1;
/** Places for nodes that join later. */
const SPARE_SLOTS = 1024;

/** A simulated cluster. */
export class SimulatedCluster {
  readonly traffic: Traffic;
  readonly #options: SimulationOptions;
  readonly #random: Random;
  readonly #nodes: SimulatedNode[] = [];
  readonly #byAddress = new Map<string, number>();
  readonly #events = new EventQueue();
  readonly #next: NextEvent = { time: 0, node: -1, happening: undefined };
  #link: LinkOptions;
  #isBlocked: ((from: number, to: number) => boolean) | undefined;
  #nowMs = 0;
  #handled = 0;

  /** Creates the nodes, all up. */
  constructor(options: SimulationOptions) {
    this.#options = options;
    this.#random = seededRandom(options.seed);
    this.#link = { ...LINK, ...options.link };
    this.traffic = new Traffic(options.nodes);
    const views = options.isAcquainted === false ? undefined : acquainted(options.nodes);
    for (let node = 0; node < options.nodes; node += 1) this.#add(node, 1, views?.() ?? lonely());
  }

  /** Virtual milliseconds since the start. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** How many events were handled. */
  get handled(): number {
    return this.#handled;
  }

  /** How many nodes there are, up or not. */
  get size(): number {
    return this.#nodes.length;
  }

  /** Returns the protocol of a node. */
  core(node: number): GossipCore {
    return this.#at(node).core;
  }

  /** Returns whether a node is up. */
  isUp(node: number): boolean {
    return this.#at(node).isUp;
  }

  /** Lets time pass up to `untilMs`, or until `isDone` says so; it is asked after every event. */
  run(untilMs: number, isDone?: () => boolean): void {
    const next = this.#next;
    while (this.#events.next <= untilMs) {
      this.#events.take(next);
      this.#nowMs = next.time;
      this.#handled += 1;
      if (next.happening !== undefined) next.happening.run();
      else this.#wake(next.node);
      if (isDone?.() === true) return;
    }
    this.#nowMs = Math.max(this.#nowMs, untilMs);
  }

  /** Does something at a time. */
  at(timeMs: number, run: () => void): void {
    this.#events.add(timeMs, { run });
  }

  /** Ends a node without a word. */
  crash(node: number): void {
    this.#at(node).isUp = false;
  }

  /** Starts a node again, with the next generation and knowing nobody; `seeds` are nodes that it asks. */
  restart(node: number, seeds: readonly number[]): void {
    const old = this.#at(node);
    this.#nodes.splice(node, 1, this.#create(node, old.core.self.gen + 1, lonely()));
    this.#arm(node);
    for (const seed of seeds) this.introduce(node, seed);
  }

  /** Adds a node with a name of its own that asks `seeds`. Returns its number. */
  join(seeds: readonly number[]): number {
    const node = this.#nodes.length;
    this.#add(node, 1, lonely());
    for (const seed of seeds) this.introduce(node, seed);
    return node;
  }

  /** Introduces a node to others that it does not know. */
  introduce(node: number, to: number): void {
    this.#sendOverStream(node, this.#at(to).address, this.core(node).joinMessage());
  }

  /** Makes a node stand still: packets wait for it, its timers are late. */
  pause(node: number, ms: number): void {
    const it = this.#at(node);
    it.pausedUntil = this.#nowMs + ms;
    it.held = 0;
  }

  /** Makes everything take longer at a node. */
  slow(node: number, ms: number): void {
    this.#at(node).slowMs = ms;
  }

  /** Changes how the network treats packets from now on. */
  setLink(link: Partial<LinkOptions>): void {
    this.#link = { ...this.#link, ...link };
  }

  /** Blocks directions between nodes; `undefined` lets everything through again. */
  block(isBlocked: ((from: number, to: number) => boolean) | undefined): void {
    this.#isBlocked = isBlocked;
  }

  #at(node: number): SimulatedNode {
    const found = this.#nodes[node];
    if (found === undefined) throw new ClorthoError('CLORTHO_INVALID', `there is no such node: node=${node}`);
    return found;
  }

  #add(node: number, gen: number, known: Knowledge): void {
    this.#nodes.push(this.#create(node, gen, known));
    this.traffic.cover(this.#nodes.length);
    this.#arm(node);
  }

  #create(node: number, gen: number, { view, records }: Knowledge): SimulatedNode {
    const address = addressOf(node);
    this.#byAddress.set(address, node);
    const { onEvent, tuning } = this.#options;
    const host: CoreHost = {
      random: this.#random,
      now: () => this.#nowMs,
      send: (to, message) => this.#send(node, to, message),
      sendOverStream: (to, message, progress) => this.#sendOverStream(node, to, message, progress),
      emit: (event) => onEvent?.(node, event, this.#nowMs),
      rearm: () => this.#arm(node),
    };
    const core = new GossipCore({
      name: nameOf(node),
      address,
      gen,
      host,
      view,
      tuning,
      records,
    });
    const sender = { id: core.self.id, gen };
    return {
      core,
      sender,
      address,
      host,
      isUp: true,
      pausedUntil: 0,
      held: 0,
      slowMs: 0,
      wakeScheduled: Number.POSITIVE_INFINITY,
    };
  }

  #arm(node: number): void {
    const it = this.#nodes[node];
    if (it === undefined) return;
    const { wakeAt } = it.core;
    if (wakeAt >= it.wakeScheduled || wakeAt === Number.POSITIVE_INFINITY) return;
    it.wakeScheduled = wakeAt;
    this.#events.addWake(Math.max(wakeAt, this.#nowMs) + it.slowMs, node);
  }

  #wake(node: number): void {
    const it = this.#at(node);
    if (!it.isUp || this.#nowMs < it.wakeScheduled) return;
    if (this.#nowMs < it.pausedUntil) {
      this.#events.addWake(it.pausedUntil, node);
      return;
    }
    it.wakeScheduled = Number.POSITIVE_INFINITY;
    it.core.wake();
    this.#arm(node);
  }

  #send(from: number, address: string, message: Message): void {
    const bytes = messageBytes(message) + PACKET_OVERHEAD_BYTES;
    this.traffic.note(from, bytes, this.#nowMs);
    this.#options.onSend?.(from, message, bytes);
    const to = this.#reachable(from, address);
    if (to === undefined) return;
    const copies = isDoubled(this.#link, this.#random) ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      const ms = datagramMs(this.#link, this.#random);
      if (ms !== undefined) this.#deliver(from, to, message, this.#at(from).address, ms);
    }
  }

  #sendOverStream(from: number, address: string, message: Message, progress?: StreamProgress): void {
    const to = this.#reachable(from, address);
    const times = to === undefined ? undefined : streamTimes(this.#link, this.#random);
    let isAnswered = false;
    const end = (ms: number): void => this.#tell(from, ms, progress && (() => progress.ended()));
    if (to === undefined || times === undefined) return end(STREAM_SILENT_MS);
    const { connectedMs, askedMs } = times;
    const origin: StreamOrigin = {
      answer: (answers) => {
        if (this.#reachable(to, this.#at(from).address) === undefined) return;
        let lastMs = 0;
        for (const answer of answers) {
          const ms = answerMs(this.#link, this.#random);
          lastMs = Math.max(lastMs, ms);
          this.#deliver(to, from, answer, this.#at(to).address, ms);
        }
        if (!isAnswered) end(lastMs + QUEUE_STEP_MS);
        isAnswered = true;
      },
    };
    this.#deliver(from, to, message, origin, askedMs);
    this.#tell(from, connectedMs, progress && (() => this.isUp(to) && progress.connected()));
    this.#tell(from, connectedMs + STREAM_SILENT_MS, progress && (() => isAnswered || progress.ended()));
  }

  /** Tells a node what became of a stream, unless it is down; if it stands still, behind the packets that wait. */
  #tell(node: number, ms: number, run: (() => unknown) | undefined): void {
    if (run === undefined) return;
    this.at(this.#nowMs + ms + this.#at(node).slowMs, () => {
      const it = this.#at(node);
      const heldMs = it.pausedUntil - this.#nowMs;
      if (!it.isUp) return;
      if (heldMs > 0) {
        it.held += 1;
        this.#tell(node, heldMs + it.held * QUEUE_STEP_MS - it.slowMs, run);
        return;
      }
      run();
      this.#arm(node);
    });
  }

  #reachable(from: number, address: string): number | undefined {
    const to = this.#byAddress.get(address);
    return to === undefined || this.#isBlocked?.(from, to) === true ? undefined : to;
  }

  #deliver(from: number, to: number, message: Message, origin: string | StreamOrigin, ms: number): void {
    const { sender } = this.#at(from);
    const slowMs = this.#at(to).slowMs;
    const delivery = new Delivery(this, to, message, sender, origin);
    this.#events.add(this.#nowMs + ms + slowMs, delivery);
  }

  /** Hands a message over, or keeps it as long as the node stands still. */
  arrive(delivery: Delivery): void {
    const it = this.#at(delivery.to);
    if (!it.isUp) return;
    if (this.#nowMs < it.pausedUntil) {
      it.held += 1;
      this.#events.add(it.pausedUntil + it.held * QUEUE_STEP_MS, delivery);
      return;
    }
    it.core.handle(delivery.message, delivery.sender, delivery.origin);
    this.#arm(delivery.to);
  }
}

/** A message on its way. */
class Delivery {
  readonly to: number;
  readonly message: Message;
  readonly sender: Sender;
  readonly origin: string | StreamOrigin;
  readonly #cluster: SimulatedCluster;

  constructor(
    cluster: SimulatedCluster,
    to: number,
    message: Message,
    sender: Sender,
    origin: string | StreamOrigin,
  ) {
    this.#cluster = cluster;
    this.to = to;
    this.message = message;
    this.sender = sender;
    this.origin = origin;
  }

  run(): void {
    this.#cluster.arrive(this);
  }
}

function nameOf(node: number): string {
  return `node-${String(node).padStart(5, '0')}`;
}

function addressOf(node: number): string {
  return `10.${(node >> 16) & 255}.${(node >> 8) & 255}.${node & 255}:${FIRST_PORT}`;
}

/** What a node knows when it starts, and the records that it shares with others. */
interface Knowledge {
  readonly view: MemberView;
  readonly records: SharedRecords | undefined;
}

function lonely(): Knowledge {
  return { view: new MemberView(createDirectory(), createTable()), records: undefined };
}

/** Returns a maker of views in which all nodes are alive. */
function acquainted(nodes: number): () => Knowledge {
  const records = new SharedRecords();
  const own = createDirectory();
  // Slots are everybody's: what one forgets, another still knows.
  const directory: Directory = {
    get slots() {
      return own.slots;
    },
    intern: own.intern,
    slotOf: own.slotOf,
    release: () => undefined,
  };
  const first = records.table(nodes + SPARE_SLOTS);
  const view = new MemberView(directory, first);
  for (let node = 0; node < nodes; node += 1) {
    const item = memberItem({
      name: nameOf(node),
      address: addressOf(node),
      gen: 1,
      inc: 0,
      status: ALIVE,
      by: 0,
    });
    view.set(own.intern(item.name, item.id) as number, records.withItem(undefined, item));
  }
  return () => {
    const copy = new MemberView(directory, records.table(nodes + SPARE_SLOTS, first.numbers));
    copy.adopt(view);
    return { view: copy, records };
  };
}
