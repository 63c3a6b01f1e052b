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
	if (node.getAttribute(name) !== `${value}`) node.setAttribute(name, value);
}

// What is moved without need loses the focus.
function keep(parent, items, key, create, show) {
	const had = parent.had ?? new Map();
	const now = parent.had = new Map(items.map(item => [key(item), had.get(key(item)) ?? create(item)]));
	for (const [k, { node }] of had) if (!now.has(k)) node.remove();
	[...now.values()].forEach(({ node }, i) => node === parent.children[i] || parent.insertBefore(node, parent.children[i] ?? null));
	for (const item of items) show(now.get(key(item)), item);
}

const widths = new ResizeObserver(entries => entries.forEach(({ target, contentRect }) => target.onwidth(contentRect.width)));

function watchWidth(node, onwidth) {
	node.onwidth = onwidth;
	widths.observe(node);
}

const format = options => new Intl.NumberFormat('en', options).format;
const whole = format({ maximumFractionDigits: 0 });
const three = format({ maximumSignificantDigits: 3 });
const short = format({ maximumSignificantDigits: 3, notation: 'compact' });
const count = n => n >= 9999.5 ? short(n) : n < 10 && n % 1 ? n.toFixed(1) : whole(n);
const bytes = n => short(n).replace('B', 'G') + 'B';

function time(s) {
	if (s < .001) return three(s * 1e6) + ' µs';
	if (s < 1) return three(s * 1e3) + ' ms';
	if (s < 60) return three(s) + ' s';
	return s < 3600 ? `${s / 60 | 0} min ${s % 60 | 0} s` : `${s / 3600 | 0} h ${s / 60 % 60 | 0} min`;
}

function showFigures(nodes, of) {
	for (const key in of) if (nodes[key] && typeof of[key] === 'number') say(nodes[key], count(of[key]));
}

// Names are other people's text: never HTML, and what controls or turns it shows as �.
const plain = text => (text ?? '').replace(/(?!\n)[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '\ufffd');
const idOf = troupe => troupe.id;
const nameOf = troupe => plain(troupe.name).trim() || '(no name)';

const disc = 'M6 1a5 5 0 1 0 0 10A5 5 0 1 0 6 1z';
const looks = {
	Starting: ['calm', disc + 'm0 2v6a3 3 0 1 1 0-6z'],
	Busy: ['good', disc],
	Saturated: ['warn', 'M6 .8 12 11H0z'],
	Degraded: ['warn', 'M0 1h12L6 11z'],
	Paused: ['calm', 'M2 1h3v10H2zM7 1h3v10H7z'],
	Hung: ['bad', 'M1 0h10L7 6l4 6H1l4-6z'],
	Down: ['bad', 'M6 0l6 6-6 6-6-6z'],
	Broken: ['bad', 'M3 1l3 3 3-3 2 2-3 3 3 3-2 2-3-3-3 3-2-2 3-3-3-3z'],
	Stopped: ['calm', 'M2 2h8v8H2z'],
};
const lookOf = condition => looks[condition] ?? ['calm', disc + 'm0 2a3 3 0 1 1 0 6 3 3 0 1 1 0-6z'];
const wordOf = troupe => plain(troupe.condition).replace(/\B[A-Z]/g, letter => ' ' + letter.toLowerCase());

function showMark(mark, condition) {
	const [tone, shape] = lookOf(condition);
	put(mark, 'class', `mark ${tone}`);
	put(mark.firstElementChild, 'd', shape);
}

const box = (x, y, width, height = width) => `M${x} ${y}h${width}v${height}h-${width}z`;
const states = {
	b: ['busy', box],
	i: ['idle', box],
	s: ['starting', (x, y, s) => box(x, y + s / 2, s, s / 2)],
	h: ['hung', (x, y, s) => `M${x + s / 2} ${y}l${s / 2} ${s / 2}-${s / 2} ${s / 2}-${s / 2}-${s / 2}z`],
	e: ['missing', (x, y, s) => box(x + .5, y + .5, s - 1)],
	x: ['stopped', (x, y, s) => box(x + s / 4, y + s / 4, s / 2)],
};
const letters = Object.keys(states);

function makeCells(card) {
	for (const letter of letters) {
		const { node, shape } = clone('key');
		put(shape, 'class', letter);
		card.cells.append(shape.cloneNode());
		put(shape, 'd', states[letter][1](0, 0, 9));
		card.key.append(node);
	}
}

function showCells(card, text) {
	if (card.text === text) return;
	card.text = text;
	drawCells(card);
	const words = letters.map((letter, i) => {
		const n = text.split(letter).length - 1;
		const key = card.key.children[i];
		key.hidden = !n;
		say(key.lastElementChild, `${count(n)} ${states[letter][0]}`);
		return n ? key.lastElementChild.said : [];
	});
	put(card.cells, 'aria-label', `Workers: ${words.flat().join(', ')}`);
}

function drawCells({ cells, text, width }) {
	const size = text.length > 256 ? 6 : text.length > 64 ? 8 : 11;
	const pitch = size + (size > 6 ? 2 : 1);
	const columns = Math.max(1, Math.floor((width + 1) / pitch)) || 1;
	const paths = {};
	[...text].forEach((letter, i) => {
		paths[letter] = (paths[letter] ?? '') + states[letter]?.[1](i % columns * pitch, Math.floor(i / columns) * pitch, size);
	});
	letters.forEach((letter, i) => put(cells.children[i], 'd', paths[letter] ?? ''));
	put(cells, 'height', Math.ceil(text.length / columns) * pitch);
}

function makeCard(troupe) {
	const card = { ...clone('card'), values: [] };
	card.node.id = `t${troupe.id}`;
	card.name.id = `n${troupe.id}`;
	put(card.node, 'aria-labelledby', card.name.id);
	card.details.open = troupes.length <= 12;
	makeCells(card);
	watchWidth(card.pool, width => {
		card.width = width;
		drawCells(card);
	});
	makeControls(card);
	return card;
}

function showBar(bar, now, most) {
	const share = Math.min(1, now / most || 0).toFixed(3);
	if (bar.share !== share) bar.style.setProperty('--share', bar.share = share);
}

function showCard(card, troupe) {
	card.troupe = troupe;
	showMark(card.mark, troupe.condition);
	put(card.node, 'class', troupe.needsAttention ? `attention ${lookOf(troupe.condition)[0]}` : '');
	say(card.condition, wordOf(troupe));
	say(card.name, nameOf(troupe));
	put(card.name, 'title', nameOf(troupe));
	const most = Math.max(troupe.maxWorkers, troupe.workers);
	showBar(card.waitingBar, troupe.waiting, troupe.capacity);
	put(card.waitingBar, 'class', troupe.waiting < troupe.capacity ? '' : 'full');
	showBar(card.runningBar, troupe.running, most);
	showFigures(card, { ...troupe, most });
	put(card.faulted, 'class', troupe.faulted ? 'bad' : '');
	put(card.abandoned, 'class', troupe.abandoned ? 'warn' : '');
	showCells(card, troupe.cells);
	showLine(card, troupe);
	if (troupe.sentence) showWords(card, troupe);
	card.controls.hidden = !token || !troupe.canControl;
	say(card.pause, troupe.isPaused ? 'Resume' : 'Pause');
}

function showLine(card, { history, perSecond }) {
	const values = card.values = (history ?? [...card.values, perSecond]).slice(-180);
	const peak = Math.max(...values, 0);
	const first = 180 - values.length;
	const line = values.map((value, i) => `${i ? 'L' : 'M'}${first + i} ${(29 - (peak && value / peak * 28)).toFixed(1)}`).join('');
	put(card.line, 'd', line);
	put(card.area, 'd', line && `${line}V30H${first}z`);
	say(card.peak, `peak ${count(peak)}`);
}

// Comes every few seconds: what is absent is none.
function showWords(card, troupe) {
	say(card.sentence, plain(troupe.sentence));
	const failure = troupe.startFailure && `A worker could not be made: ${troupe.startFailure}`;
	say(card.explanation, plain([troupe.text, failure].filter(Boolean).join('\n')));
	const times = [troupe.wait, troupe.run].flatMap(row => row ? Object.values(row).map(time) : [...'––––']);
	card.times.querySelectorAll('td').forEach((cell, i) => say(cell, times[i]));
	put(card.spark, 'aria-label', `${card.perSecond.said}, ${card.peak.said}`);
	keep(card.faults, troupe.faults?.length ? troupe.faults : [{}], fault => fault.type, () => clone('fault'), showFault);
	keep(card.figures, troupe.figures ?? [], of => troupe.figures.indexOf(of), () => clone('figure'), showFigure);
	const longest = card.longest = troupe.longest;
	const process = longest?.processId ? `, process ${longest.processId}` : '';
	const memory = longest?.memory ? `, ${bytes(longest.memory)}` : '';
	say(card.longestTask, longest ? `At one task for at least ${time(longest.atLeast)}: worker ${longest.worker}${process}${memory}` : 'No task runs.');
	card.cancel.disabled = !longest;
}

function showFault(fault, { type, count: times, secondsAgo, message }) {
	say(fault.type, type ? plain(type).replace(/^[\w.]*\./, '') : 'None of late.');
	put(fault.type, 'title', plain(type));
	say(fault.times, type ? ` × ${times}, ${time(Math.round(secondsAgo))} ago` : '');
	say(fault.message, plain(message));
}

function showFigure(figure, of) {
	say(figure.name, nameOf(of));
	say(figure.value, (of.needsAttention ? '⚠ ' : '') + plain(of.value));
}

let token;

function makeControls(card) {
	const on = (action, onclick) => put(Object.assign(card[action], { onclick }), 'aria-describedby', card.name.id);
	on('pause', () => order(card, card.troupe.isPaused ? 'resume' : 'pause'));
	on('resize', async () => {
		const text = 'The surplus leaves after its tasks.';
		const workers = await ask(`Resize ${nameOf(card.troupe)}`, text, 'Resize', 'Workers', card.troupe.maxWorkers, 1);
		if (workers) order(card, 'resize', { workers: +workers });
	});
	on('recycle', async () => {
		const { cells } = card.troupe;
		const text = 'It leaves after its task, and another takes its place.';
		const worker = await ask(`Recycle a worker of ${nameOf(card.troupe)}`, text, 'Recycle', 'Worker', Math.max(cells.indexOf('h'), 0), 0, cells.length - 1);
		if (worker) order(card, 'recycle', { worker: +worker });
	});
	on('cancel', async () => {
		const { worker, atLeast, task } = card.longest;
		const text = `Worker ${worker} has been at it for at least ${time(atLeast)}. Nobody gets its result.`;
		if (await ask(`Cancel the longest task of ${nameOf(card.troupe)}?`, text, 'Cancel the task')) order(card, 'cancel', { worker, task });
	});
}

// Empty for no; else what was entered, or "yes".
function ask(question, consequence, yes, field, value = '', min, max) {
	say(page.question, question);
	say(page.consequence, consequence);
	say(page.yes, yes);
	say(page.fieldName, field);
	page.field.hidden = page.number.disabled = !field;
	Object.assign(page.number, { value, min, max });
	page.ask.returnValue = '';
	page.ask.showModal();
	return new Promise(resolve => {
		page.ask.onclose = () => resolve(page.ask.returnValue && (page.number.value || 'yes'));
	});
}

async function order(card, action, of) {
	say(card.answer, '…');
	try {
		const response = await fetch('control', {
			method: 'POST', headers: { 'content-type': 'application/json', RequestVerificationToken: token },
			body: JSON.stringify({ troupe: card.troupe.id, action, ...of }), redirect: 'manual',
		});
		say(card.answer, response.ok ? 'Done.' : plain(await response.text()) || `Refused (${response.status}).`);
		if (response.status === 403) look();   // for a new token
	} catch {
		say(card.answer, 'No answer: it may have been done or not.');
	}
	setTimeout(say, 15e3, card.answer, '');
}

let links = [];
let graphWidth = 0;

function showGraph() {
	const known = new Map(troupes.map(troupe => [troupe.id, troupe]));
	const ways = links.filter(({ from, to }) => known.has(from) && known.has(to) && from !== to);
	page.chains.hidden = !ways.length;
	if (!ways.length) return;
	const ids = [...known.keys()].filter(id => ways.some(({ from, to }) => from === id || to === id));
	const sources = id => ways.filter(({ to }) => to === id).map(({ from }) => from);

	// A troupe is one layer after the last that it waits for; a ring ends where it began.
	const layers = new Map();
	const layerOf = id => {
		if (!layers.has(id)) layers.set(id, 0).set(id, Math.max(0, ...sources(id).map(source => layerOf(source) + 1)));
		return layers.get(id);
	};
	const rows = [];
	for (const id of ids) (rows[layerOf(id)] ??= []).push(id);

	const isNarrow = rows.length * 176 > graphWidth;
	const [step, length, lane, breadth] = isNarrow ? [60, 32, 148, 140] : [176, 140, 44, 32];
	const point = (along, across) => isNarrow ? [across, along] : [along, across];
	const along = id => layerOf(id) * step;
	const across = id => rows[layerOf(id)].indexOf(id) * lane;
	const place = id => point(along(id), across(id));
	put(page.edges.firstElementChild, 'd', ways.map(({ from, to }) => {
		const [a, b] = [along(from) + length, along(to)];
		const [c, d] = [across(from) + breadth / 2, across(to) + breadth / 2];
		return `M${point(a, c)}C${point(b, c)} ${point(a, d)} ${point(b, d)}M${point(b - 6, d - 4)}L${point(b, d)} ${point(b - 6, d + 4)}`;
	}).join(''));
	['width', 'height'].forEach((name, i) => put(page.edges, name, Math.max(...ids.map(id => place(id)[i])) + point(length, breadth)[i]));
	keep(page.nodes, ids.map(id => known.get(id)), idOf, makeLink, (link, troupe) => {
		const { id } = troupe;
		const from = sources(id).map(source => nameOf(known.get(source)));
		showLink(link, troupe, from.length ? ` waits for ${from.join(' and ')}` : '');
		['left', 'top'].forEach((side, i) => link.node.style.setProperty(side, `${place(id)[i]}px`));
	});
}

function makeLink({ id }) {
	const link = clone('link');
	link.node.href = `#t${id}`;
	return link;
}

function showLink(link, troupe, more = '') {
	showMark(link.mark, troupe.condition);
	say(link.name, nameOf(troupe));
	say(link.more, ` (${wordOf(troupe)})${more}`);
}

watchWidth(page.main, width => {
	graphWidth = width;
	showGraph();
});

let parts = [];
let troupes = [];
let shownAt;

// All of a tick is shown together.
function take(state) {
	if (!state.part) parts = [];
	if (state.part !== parts.length) return;
	parts.push(state);
	links = state.links ?? links;
	if (parts.length === state.parts) show(parts[0], parts.flatMap(part => part.troupes));
}

function show({ application, totals, omitted, time: at }, all) {
	troupes = all;
	shownAt = at;
	say(page.application, plain(application));
	showFigures(page, { ...totals, workers: troupes.reduce((sum, { workers }) => sum + workers, 0) });
	say(page.bytes, bytes(totals.memory));

	const wanted = troupes.filter(troupe => troupe.needsAttention);
	document.title = (wanted.length ? `(${wanted.length}) ` : '') + page.application.said;
	page.attention.hidden = !wanted.length;
	say(page.wanted, wanted.length === 1 ? '1 troupe needs attention' : `${wanted.length} troupes need attention`);
	keep(page.wantedLinks, wanted, idOf, makeLink, showLink);
	showGraph();
	keep(page.cards, troupes, idOf, makeCard, showCard);
	say(page.rest, omitted ? `${count(omitted)} more are not shown (MaxTroupes).` : troupes.length ? '' : 'No troupe lives in this process yet.');
}

let run = 0;
let attempt;
let wake;
let isPaused = false;

function tell(word, look, note = '') {
	showMark(page.light, look);
	say(page.word, word);
	say(page.note, note);
	page.note.hidden = !note;
}

// A later run ends the one before.
async function follow() {
	const mine = ++run;
	for (let tries = 0; mine === run;) {
		const own = attempt = new AbortController();
		let opened, timer, why;
		const hear = () => {
			clearTimeout(timer);
			timer = setTimeout(() => own.abort(), 4e4);
		};
		try {
			hear();
			const state = await (await request('state', own.signal)).json();
			token = state.token;
			take(state);
			const { body } = await request('events', own.signal);
			opened = performance.now();
			tries = 0;
			tell('Live', 'Busy');
			await read(body, hear);
		} catch (error) {
			why = error.why || 'The application does not answer.';
		}
		clearTimeout(timer);

		// The time of a stream may be over: another comes at once.
		if (mine !== run || performance.now() - opened > 1000) continue;
		const since = shownAt ? ` These figures are of ${new Date(shownAt).toLocaleTimeString()}.` : '';
		if (why) tell('Lost', 'Broken', `${why}${since} Trying again.`);
		await new Promise(resolve => setTimeout(wake = resolve, Math.min(3e4, 1000 * 2 ** tries++)));
	}
}

async function request(path, signal) {
	const response = await fetch(path, { signal, redirect: 'manual', cache: 'no-store' });
	if (response.ok) return response;
	const isPlain = response.headers.get('content-type')?.startsWith('text/plain');
	throw { why: isPlain && await response.text() || response.status < 404 && 'You may not see the troupes. Reload the page.' };
}

// By hand: an EventSource does not tell why it was refused.
async function read(body, hear) {
	const reader = body.pipeThrough(new TextDecoderStream()).getReader();
	for (let rest = ''; ;) {
		const { value, done } = await reader.read();
		if (done) return;
		hear();
		const events = (rest + value).split('\n\n');
		rest = events.pop();
		for (const event of events) if (event.startsWith('data:')) take(JSON.parse(event.slice(5)));
	}
}

// Who does not look takes nothing.
function look() {
	run++;
	attempt?.abort();
	wake?.();
	say(page.hold, isPaused ? 'Go on' : 'Pause');
	if (isPaused) tell('Paused', 'Paused');
	else if (document.visibilityState !== 'hidden') follow();
}

page.hold.onclick = () => {
	isPaused = !isPaused;
	look();
};
document.addEventListener('visibilitychange', look);
tell('Connecting', 'Starting');
look();
