// The page of the dashboard. Names and messages are other people's text: they become text nodes and attributes, never HTML.
// A node is made once, kept, and written to only when what it shows has changed.

// The nodes below a node, by the name in their data-as
const gather = root => Object.fromEntries([...root.querySelectorAll('[data-as]')].map(node => [node.dataset.as, node]));
const page = gather(document);

function clone(template) {
	const node = document.getElementById(template).content.firstElementChild.cloneNode(true);
	return { node, ...gather(node) };
}

function say(node, text) {
	if (node.said !== text) node.textContent = node.said = text;
}

function put(node, name, value) {
	if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}

// Brings the children of a node in step with a list. What stays is not moved without need, so that it keeps the focus.
function keep(parent, items, key, create, show) {
	const had = parent.had ??= new Map();
	const keys = new Set(items.map(key));
	for (const [k, child] of had) {
		if (keys.has(k)) continue;
		child.node.remove();
		had.delete(k);
	}
	let next = parent.firstElementChild;
	for (const item of items) {
		let child = had.get(key(item));
		if (!child) had.set(key(item), child = create(item));
		if (child.node === next) next = next.nextElementSibling;
		else parent.insertBefore(child.node, next);
		show(child, item);
	}
}

// Tells the width of a node, at first and whenever it changes, without asking for a layout.
const widths = new ResizeObserver(entries => entries.forEach(({ target, contentRect }) => target.onwidth(contentRect.width)));

function watchWidth(node, onwidth) {
	node.onwidth = onwidth;
	widths.observe(node);
}

// Words for figures

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const three = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });

function count(n) {
	if (n < 10 && n % 1) return n.toFixed(1);
	if (n < 9999.5) return whole.format(n);
	if (n < 999500) return three.format(n / 1e3) + 'k';
	return three.format(n / (n < 999.5e6 ? 1e6 : 1e9)) + (n < 999.5e6 ? ' M' : ' G');
}

const bytes = n => n < 999.5e6 ? three.format(n / 1e6) + ' MB' : three.format(n / 1e9) + ' GB';

function time(s) {
	if (s < 0.9995e-3) return three.format(s * 1e6) + ' µs';
	if (s < 0.9995) return three.format(s * 1e3) + ' ms';
	if (s < 59.95) return three.format(s) + ' s';
	const [unit, big, small] = s < 3600 ? [1, ' min ', ' s'] : [60, ' h ', ' min'];
	return Math.floor(s / unit / 60) + big + Math.floor(s / unit % 60) + small;
}

// Control characters, and those that turn the direction of what follows, are shown as what they are: strange.
const plain = text => (text ?? '').replace(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, c => c === '\n' ? c : '\ufffd');
const shorten = text => text.length > 60 ? text.slice(0, 59) + '…' : text;
const nameOf = troupe => plain(troupe.name).trim() || '(no name)';
const shortNameOf = troupe => shorten(nameOf(troupe));
const wordOf = troupe => plain(troupe.condition).replace(/\B[A-Z]/g, letter => ' ' + letter.toLowerCase());

// A condition is a word, a colour and a shape.

const looks = {
	Starting: ['calm', 'M6 1a5 5 0 1 0 0 10A5 5 0 1 0 6 1zm0 2v6a3 3 0 1 1 0-6z'],
	Busy: ['good', 'M6 1a5 5 0 1 0 0 10A5 5 0 1 0 6 1z'],
	Saturated: ['warn', 'M6 .8 11.6 11H.4z'],
	Degraded: ['warn', 'M.4 1h11.2L6 11.2z'],
	Paused: ['calm', 'M2 1h3v10H2zM7 1h3v10H7z'],
	Hung: ['bad', 'M1.5.5h9L7.2 6l3.3 5.5h-9L4.8 6z'],
	Down: ['bad', 'M6 0l6 6-6 6-6-6z'],
	Broken: ['bad', 'M2.5.8 6 4.3 9.5.8l1.7 1.7L7.7 6l3.5 3.5-1.7 1.7L6 7.7l-3.5 3.5L.8 9.5 4.3 6 .8 2.5z'],
	Stopped: ['calm', 'M1.5 1.5h9v9h-9z'],
};
const ring = ['calm', 'M6 1a5 5 0 1 0 0 10A5 5 0 1 0 6 1zm0 2a3 3 0 1 1 0 6 3 3 0 1 1 0-6z'];

function showMark(mark, condition) {
	const [tone, shape] = looks[condition] ?? ring;
	put(mark, 'class', `mark ${tone}`);
	put(mark.firstElementChild, 'd', shape);
}

// A cell for each worker. All cells of one state are one path, so that a thousand workers are six nodes.

const square = (x, y, s) => `M${x} ${y}h${s}v${s}h-${s}z`;
const cells = {
	b: ['busy', square],
	i: ['idle', square],
	s: ['starting', (x, y, s) => `M${x} ${y + s / 2}h${s}v${s / 2}h-${s}z`],
	h: ['hung', (x, y, s) => `M${x + s / 2} ${y}l${s / 2} ${s / 2}-${s / 2} ${s / 2}-${s / 2}-${s / 2}z`],
	e: ['missing', (x, y, s) => `M${x} ${y}h${s}v${s}h-${s}zm1 1v${s - 2}h${s - 2}v-${s - 2}z`],
	x: ['stopped', (x, y, s) => square(x + s / 4, y + s / 4, s / 2)],
};

function makeCells(card) {
	for (const letter in cells) {
		const { node } = clone('key');
		const key = node.querySelector('path');
		key.setAttribute('class', letter);
		card.cells.append(key.cloneNode());
		key.setAttribute('d', cells[letter][1](0, 0, 9));
		card.legend.append(node);
	}
}

function showCells(card, text) {
	if (card.letters === text) return;
	card.letters = text;
	drawCells(card);
	const words = Object.keys(cells).map((letter, i) => {
		const n = text.split(letter).length - 1;
		const key = card.legend.children[i];
		key.hidden = !n;
		say(key.lastElementChild, `${whole.format(n)} ${cells[letter][0]}`);
		return n && key.said;
	});
	put(card.cells, 'aria-label', words.filter(Boolean).join(', ') || 'none');
}

function drawCells({ cells: svg, letters, width }) {
	if (!width) return;
	const size = letters.length <= 64 ? 11 : letters.length <= 256 ? 8 : 6;
	const pitch = size + (size > 6 ? 2 : 1);
	const columns = Math.max(1, Math.floor((width + pitch - size) / pitch));
	const paths = {};
	[...letters].forEach((letter, i) => {
		if (cells[letter]) paths[letter] = (paths[letter] ?? '') + cells[letter][1](i % columns * pitch, Math.floor(i / columns) * pitch, size);
	});
	Object.keys(cells).forEach((letter, i) => put(svg.children[i], 'd', paths[letter] ?? ''));
	put(svg, 'height', String(Math.max(1, Math.ceil(letters.length / columns)) * pitch));
}

// Tasks a second, over the last minutes

function showLine({ spark, values }) {
	const peak = Math.max(...values);
	const first = 180 - values.length;
	const line = values.map((value, i) => `${i ? 'L' : 'M'}${first + i} ${(29 - (peak && value / peak * 28)).toFixed(1)}`).join('');
	put(spark.lastElementChild, 'd', line);
	put(spark.firstElementChild, 'd', `${line}V30H${first}z`);
	return count(peak);
}

// Cards

function makeCard(troupe) {
	const card = clone('card');
	card.node.id = `t${troupe.id}`;
	card.node.setAttribute('aria-labelledby', card.name.id = `n${troupe.id}`);
	card.details.open = isRoomy;
	makeCells(card);
	watchWidth(card.workers, width => {
		card.width = width;
		drawCells(card);
	});
	makeControls(card);
	return card;
}

function showBar(bar, now, most) {
	const share = String(Math.min(1, now / most || 0).toFixed(3));
	if (bar.share === share) return;
	bar.style.setProperty('--share', bar.share = share);
	put(bar, 'class', now < most ? '' : 'full');
}

function showCard(card, troupe) {
	card.troupe = troupe;
	showMark(card.mark, troupe.condition);
	put(card.node, 'class', `${(looks[troupe.condition] ?? ring)[0]}${troupe.needsAttention ? ' attention' : ''}`);
	say(card.condition, wordOf(troupe));
	say(card.name, nameOf(troupe));
	put(card.name, 'title', nameOf(troupe));
	const most = Math.max(troupe.maxWorkers, troupe.workers);
	showBar(card.waitingBar, troupe.waiting, troupe.capacity);
	showBar(card.runningBar, troupe.running, most);
	say(card.waiting, `${count(troupe.waiting)} of ${count(troupe.capacity)}`);
	say(card.running, `${count(troupe.running)} of ${count(most)}`);
	for (const figure of ['perSecond', 'succeeded', 'faulted', 'canceled', 'restarts', 'abandoned']) say(card[figure], count(troupe[figure]));
	put(card.faulted, 'class', troupe.faulted ? 'bad' : '');
	put(card.abandoned, 'class', troupe.abandoned ? 'warn' : '');
	showCells(card, troupe.cells);
	card.values = (troupe.history ?? [...card.values ?? [], troupe.perSecond]).slice(-180);
	const peak = showLine(card);
	say(card.peak, `peak ${peak}`);
	if (troupe.sentence !== undefined) showWords(card, troupe, peak);
	card.controls.hidden = !token || !troupe.canControl;
	say(card.pause, troupe.isPaused ? 'Resume' : 'Pause');
}

// What comes every five seconds: what is absent then is none.
function showWords(card, troupe, peak) {
	say(card.sentence, plain(troupe.sentence));
	const why = [troupe.text, troupe.startFailure && `A worker could not be made: ${troupe.startFailure}`].filter(Boolean).join('\n');
	say(card.text, plain(why));
	card.why.hidden = !why;
	const times = [troupe.wait, troupe.run].flatMap(of => ['median', 'percentile90', 'percentile99', 'longest'].map(key => of && time(of[key])));
	card.times.querySelectorAll('td').forEach((cell, i) => say(cell, times[i] ?? '–'));
	put(card.spark, 'aria-label', `${count(troupe.perSecond)} tasks a second, ${peak} at the most`);
	keep(card.faults, troupe.faults?.length ? troupe.faults : [{}], fault => fault.type, () => clone('fault'), showFault);
	const longest = card.longestTask = troupe.longest;
	const process = longest?.processId && ` (process ${longest.processId}${longest.memory ? `, ${bytes(longest.memory)}` : ''})`;
	say(card.longest, longest ? `Worker ${longest.worker}, at one task for at least ${time(longest.atLeast)}${process ?? ''}` : 'No task runs.');
	card.cancel.disabled = !longest;
}

function showFault(fault, { type, count: times, secondsAgo, message }) {
	say(fault.type, shorten(plain(type).split('.').at(-1)));
	put(fault.type, 'title', plain(type));
	say(fault.times, type ? `× ${times}, ${time(Math.round(secondsAgo))} ago` : 'None of late.');
	say(fault.message, plain(message));
	put(fault.message, 'title', plain(message));
}

// Controls

let token;

function makeControls(card) {
	const on = (name, click) => {
		card[name].setAttribute('aria-describedby', card.name.id);
		card[name].addEventListener('click', click);
	};
	on('pause', () => order(card, card.troupe.isPaused ? 'resume' : 'pause'));
	on('resize', async () => {
		const workers = await ask(`Resize ${shortNameOf(card.troupe)}`, 'New workers start at once or on demand. Others leave after their tasks.',
			'Resize', 'Workers', card.troupe.maxWorkers, 1);
		if (workers) order(card, 'resize', { workers });
	});
	on('recycle', async () => {
		const { cells: letters } = card.troupe;
		const worker = await ask(`Recycle a worker of ${shortNameOf(card.troupe)}`, 'It leaves after its task, and another takes its place.',
			'Recycle', 'Worker', Math.max(letters.indexOf('h'), 0), 0, letters.length - 1);
		if (worker) order(card, 'recycle', { worker });
	});
	on('cancel', async () => {
		const { worker, atLeast, task } = card.longestTask;
		const text = `Worker ${worker} has been at it for at least ${time(atLeast)}. Whoever waits for the result gets a cancellation.`;
		if (await ask(`Cancel the longest task of ${shortNameOf(card.troupe)}?`, text, 'Cancel the task')) order(card, 'cancel', { worker, task });
	});
}

// Null if the answer is no; else what was entered, or "yes".
function ask(question, consequence, yes, field, value, min, max) {
	say(page.question, question);
	say(page.consequence, consequence);
	say(page.yes, yes);
	say(page.fieldName, field);
	page.field.hidden = page.number.disabled = !field;
	Object.assign(page.number, { value: value ?? '', min: min ?? '', max: max ?? '' });
	page.ask.returnValue = '';
	page.ask.showModal();
	return new Promise(resolve => {
		page.ask.onclose = () => resolve(page.ask.returnValue && (page.number.value || 'yes'));
	});
}

async function order(card, action, values) {
	say(card.answer, '');
	let text = 'Done.';
	try {
		const response = await fetch('control', {
			method: 'POST', redirect: 'manual', signal: AbortSignal.timeout(30000),
			headers: { 'content-type': 'application/json', RequestVerificationToken: token },
			body: JSON.stringify({ troupe: card.troupe.id, action, ...Object.fromEntries(Object.entries(values ?? {}).map(([k, v]) => [k, +v])) }),
		});
		if (!response.ok) text = await response.text() || `Refused (${response.status}).`;
		if (response.status === 403) look();   // the token may be too old: `state` has a new one
	} catch {
		text = 'No answer. It may have been done or not.';
	}
	say(card.answer, plain(text));
}

// Who waits for whom

let links = [];
let graphWidth = 0;

function showGraph() {
	const known = new Map(troupes.map(troupe => [troupe.id, troupe]));
	const ways = links.filter(({ from, to }) => known.has(from) && known.has(to) && from !== to);
	page.chains.hidden = !ways.length;
	if (!ways.length) return;
	const ids = [...new Set(ways.flatMap(({ from, to }) => [from, to]))].sort((a, b) => a - b);
	const sources = id => ways.filter(way => way.to === id).map(way => way.from);

	// A troupe comes one layer after the last that it waits for; a ring ends where it began. In a layer, it is beside its sources.
	const layers = new Map();
	const layerOf = id => {
		if (!layers.has(id)) {
			layers.set(id, 0);
			layers.set(id, Math.max(0, ...sources(id).map(source => layerOf(source) + 1)));
		}
		return layers.get(id);
	};
	const rows = [];
	for (const id of ids) (rows[layerOf(id)] ??= []).push(id);
	const lanes = new Map();
	const laneOf = id => sources(id).reduce((sum, source) => sum + (lanes.get(source) ?? 0), 0) / sources(id).length || 0;
	for (const row of rows) row?.sort((a, b) => laneOf(a) - laneOf(b)).forEach((id, lane) => lanes.set(id, lane));

	// From left to right, or from top to bottom where that is too wide
	const [width, height] = [160, 32];
	const isNarrow = rows.length * 208 > graphWidth + 48;
	const place = id => isNarrow ? [lanes.get(id) * 172, layers.get(id) * 60] : [layers.get(id) * 208, lanes.get(id) * 44];
	const curves = ways.map(({ from, to }) => {
		const [[x1, y1], [x2, y2]] = [place(from), place(to)];
		if (!isNarrow) return `M${x1 + width} ${y1 + 16}C${x2} ${y1 + 16} ${x1 + width} ${y2 + 16} ${x2} ${y2 + 16}`;
		return `M${x1 + 80} ${y1 + height}C${x1 + 80} ${y2} ${x2 + 80} ${y1 + height} ${x2 + 80} ${y2}`;
	});
	put(page.edges.firstElementChild, 'd', curves.join(''));
	put(page.edges, 'width', String(Math.max(...ids.map(id => place(id)[0])) + width));
	put(page.edges, 'height', String(Math.max(...ids.map(id => place(id)[1])) + height));
	keep(page.nodes, ids.map(id => known.get(id)), troupe => troupe.id, makeLink, (link, troupe) => {
		const from = sources(troupe.id).map(id => shortNameOf(known.get(id)));
		showLink(link, troupe, from.length && ` waits for ${from.join(' and ')}`);
		const [x, y] = place(troupe.id);
		link.node.style.setProperty('left', `${x}px`);
		link.node.style.setProperty('top', `${y}px`);
	});
}

function makeLink({ id }) {
	const link = clone('link');
	link.node.href = `#t${id}`;
	return link;
}

function showLink(link, troupe, more) {
	showMark(link.mark, troupe.condition);
	say(link.name, shortNameOf(troupe));
	say(link.more, ` (${wordOf(troupe)})${more || ''}`);
}

// The whole page

let isRoomy = true;
let parts = [];
let troupes = [];

// When all parts of a tick are there they are shown together. What is in none of them has gone.
function take(state) {
	if (state.part === 0) parts = [];
	if (state.part !== parts.length) return;
	parts.push(state);
	links = state.links ?? links;
	if (parts.length === state.parts) show(parts[0], parts.flatMap(part => part.troupes));
}

function show(state, all) {
	troupes = all;
	isRoomy = troupes.length <= 12;
	token = state.mayControl ? state.token ?? token : undefined;
	say(page.application, plain(state.application) || 'Troupes');
	const { totals } = state;
	for (const figure of ['troupes', 'perSecond', 'waiting', 'running', 'faulted']) say(page[figure], count(totals[figure]));
	say(page.workers, count(troupes.reduce((sum, { workers }) => sum + workers, 0)));
	say(page.processors, totals.processors.toFixed(1));
	say(page.processorCount, `of ${totals.processorCount}`);
	say(page.memory, bytes(totals.memory));

	const wanted = troupes.filter(troupe => troupe.needsAttention);
	document.title = (wanted.length ? `(${wanted.length}) ` : '') + shorten(page.application.said);
	page.attention.hidden = !wanted.length;
	say(page.wanted, wanted.length === 1 ? '1 troupe needs attention' : `${wanted.length} troupes need attention`);
	keep(page.wantedLinks, wanted, troupe => troupe.id, makeLink, showLink);
	showGraph();
	keep(page.cards, troupes, troupe => troupe.id, makeCard, showCard);
	put(page.cards, 'class', troupes.length === 1 ? 'cards one' : 'cards');
	page.rest.hidden = !state.omitted && troupes.length > 0;
	say(page.rest, state.omitted ? `${count(state.omitted)} more are not shown (MaxTroupes).` : 'No troupe lives in this process. Each appears here once it is made.');
	shownAt = state.time;
}

watchWidth(page.chains.parentNode, width => {
	graphWidth = width;
	showGraph();
});

// The connection. One attempt runs at a time: a later one makes the earlier one leave.

let attempt = new AbortController();
let wake;
let shownAt;
let isPaused = false;

function tell(word, look, note = '') {
	showMark(page.light, look);
	say(page.word, word);
	say(page.note, note);
	page.note.hidden = !note;
}

async function follow() {
	const { signal: left } = attempt = new AbortController();
	for (let tries = 0; !left.aborted;) {
		const silence = new AbortController();
		const signal = AbortSignal.any([left, silence.signal]);
		let opened, timer, why;
		const expect = seconds => {
			clearTimeout(timer);
			timer = setTimeout(() => silence.abort(), seconds * 1000);
		};
		try {
			expect(15);
			const state = await (await request('state', signal)).json();
			take(state);
			const { body } = await request('events', signal);
			opened = performance.now();
			tries = 0;
			tell('Live', 'Busy');
			await read(body, text => {
				expect(10 + 3 * state.interval);
				take(JSON.parse(text));
			});
		} catch (error) {
			why = error.why ?? 'The application does not answer.';
		}
		clearTimeout(timer);

		// A stream that was open may have come to the end of its time: another is tried at once, and nothing is said of it.
		if (left.aborted || performance.now() - opened > 1000) continue;
		if (why) tell('Lost', 'Broken', `${why} ${shownAt ? `These figures are of ${new Date(shownAt).toLocaleTimeString('en-GB')}. ` : ''}Trying again.`);
		const seconds = Math.min(30, 2 ** tries++) * (1 + Math.random() / 2);
		await new Promise(resolve => setTimeout(wake = resolve, seconds * 1000));
	}
}

async function request(path, signal) {
	const response = await fetch(path, { signal, redirect: 'manual', cache: 'no-store' });
	if (response.ok) return response;
	throw Object.assign(new Error(path), {
		why: response.status === 503 ? 'The application takes no more viewers, or it is stopping.'
			: response.status < 404 ? 'You may not see the troupes, or not any more: reload the page.' : undefined,
	});
}

// Server-sent events, by hand: an EventSource does not tell why it was refused.
async function read(body, onevent) {
	const reader = body.pipeThrough(new TextDecoderStream()).getReader();
	for (let rest = ''; ;) {
		const { value, done } = await reader.read();
		if (done) return;
		const events = (rest + value).split('\n\n');
		rest = events.pop();
		for (const event of events) if (event.startsWith('data:')) onevent(event.slice(5));
	}
}

// Whoever does not look takes nothing.
function look() {
	attempt.abort();
	wake?.();
	say(page.hold, isPaused ? 'Go on' : 'Pause');
	if (isPaused) tell('Paused', 'Paused');
	else if (document.visibilityState !== 'hidden') follow();
}

page.hold.addEventListener('click', () => {
	isPaused = !isPaused;
	look();
});
document.addEventListener('visibilitychange', look);
addEventListener('online', look);
tell('Connecting', 'Starting');
look();
