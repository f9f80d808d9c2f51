// Shows the game's pictures and sends back what the player does. The game itself runs on the server.
"use strict";

const PROTOCOL = "mag-sandbox-page-2", TOKEN = "token.", ROUTE = "route.", H264 = "avc1.42E034";
const MOST_LINK = 60000, MOST_PIXELS = 2.4e6, MOST_SIDE = 4096, TILE = 16, MOST_PITCH = 27, WIDEST = 90, ASPECT = 0.6; // as in the game
const RETURN_S = 0.4, EASE = 0.4, STILL = 0.02; // of the late warp: sandbox/play/late_warp.py
const WHEEL_PX = 60, DRAG_PX = 12, LONG_PRESS_MS = 600, DEAD = 0.18, SOUND_AHEAD_S = 0.15, ELSEWHERE_MS = 1000;
const find = (id) => document.getElementById(id);
const canvas = find("game"), stage = find("stage");
const pen = canvas.getContext("2d", { alpha: false, desynchronized: true });

// ---- the connection

let socket = null, ended = false, tries = 0, place = "", takeLink = () => {}, knowsH264 = false, knowsOpus = false;
let token = "", hasGame = false;
const own = new URLSearchParams(location.hash.slice(1));
if (own.has("token")) { // it does not stay in the address
  keep("token", own.get("token"));
  own.delete("token");
  history.replaceState(null, "", "#" + own);
}
const link = () => location.hash.slice(1);
const browser = kept("browser", localStorage) || keep("browser", newName(), localStorage);

function kept(name, store = sessionStorage) {
  try { return store.getItem("mag-" + name) || ""; } catch { return ""; } // storage may be off
}

function keep(name, value, store = sessionStorage) {
  try { store.setItem("mag-" + name, value); } catch { /* for this page only */ }
  return value;
}

function send(message) { // once there is a game: who waits for one is silent
  if (hasGame && socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
}

function say(sentence, { again = false, asks = false } = {}) {
  find("said").textContent = sentence;
  find("note").hidden = !sentence;
  find("again").hidden = !again;
  find("ask").hidden = !asks;
  if (asks) find("token").focus();
  else if (again) find("again").focus();
}

function newName() {
  return crypto.getRandomValues(new Uint32Array(4)).join("");
}

function base64url(text) {
  const bytes = String.fromCharCode(...new TextEncoder().encode(text));
  return btoa(bytes).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

async function connect() {
  token = kept("token") || token;
  let answer;
  try {
    const headers = token ? { Authorization: "Bearer " + token } : {};
    answer = await fetch("token", { headers, cache: "no-store" });
  } catch {
    return retry();
  }
  if (answer.status === 401) return say(token ? await answer.text() : "This server wants a token.", { asks: true });
  if (answer.status === 403) return say(await answer.text(), { again: true });
  if (!answer.ok) return retry();
  const scheme = location.protocol === "https:" ? "wss://" : "ws://";
  const protocols = [PROTOCOL, ROUTE + (kept("route") || keep("route", newName()))];
  if (token) protocols.push(TOKEN + base64url(token));
  socket = new WebSocket(scheme + location.host + "/game", protocols);
  socket.binaryType = "arraybuffer";
  socket.onopen = open;
  socket.onmessage = (event) => {
    if (typeof event.data === "string") take(JSON.parse(event.data));
    else takeFrame(event.data);
  };
  socket.onclose = () => { hasGame = false; if (!ended) retry(); };
}

let detours = 0, elsewhere = 0;
function tryElsewhere() { // another replica of the server may have a place
  detours += 1;
  keep("route", newName());
  socket.onclose = null;
  socket.close();
  connect();
}

function retry() {
  socket = null;
  stopSound();
  say("The server does not answer. Connecting again …");
  setTimeout(connect, Math.min(4000, 250 * 2 ** tries++));
}

function open() {
  const returns = place !== "" || kept("place") !== "";
  if (link().length > MOST_LINK) {
    ended = true;
    socket.close();
    return say(`The link has ${link().length} characters, at most ${MOST_LINK} are read; copy one of a shorter recording.`, { again: true });
  }
  const touch = matchMedia("(pointer: coarse)").matches;
  const opened = { session: kept("session"), browser, link: returns ? place || kept("place") : link(), returns };
  resetPictures();
  socket.send(JSON.stringify({ is: "opening", ...wanted(), ...opened, touch, h264: knowsH264, opus: knowsOpus }));
}

function take(message) {
  if (message.is === "session") {
    keep("session", message.session);
    hasGame = true;
    tries = detours = 0;
    clearTimeout(elsewhere);
    send({ is: "pagesize", ...wanted() });
    send({ is: "pageseen", yes: document.visibilityState === "visible" }); // what a page before it said may come late
    if (sound) send({ is: "soundwanted", on: true });
    say("The game starts …");
  } else if (message.is === "queued") {
    say(`All ${message.places} places are taken. You are number ${message.position} in the queue.`);
    if (detours < message.replicas - 1) elsewhere = setTimeout(tryElsewhere, ELSEWHERE_MS);
  } else if (message.is === "place") {
    place = keep("place", message.link);
  } else if (message.is === "link") {
    takeLink(message);
  } else if (message.is === "fullscreen") {
    fill();
  } else if (message.is === "ended" && !ended) {
    ended = true;
    keep("session", "");
    place = keep("place", "");
    stopSound();
    say(message.sentence ? `The game ended: ${message.sentence}` : "The game has ended; your places are kept.", { again: true });
  }
}

find("again").onclick = () => { ended = false; say(""); canvas.focus(); connect(); };
find("ask").onsubmit = (event) => {
  event.preventDefault();
  token = keep("token", find("token").value.trim());
  find("token").value = "";
  say("");
  canvas.focus();
  connect();
};
window.addEventListener("hashchange", () => { // another link in the same page: another game
  ended = false;
  place = keep("place", "");
  keep("session", "");
  if (socket) socket.close();
  else connect();
});

// ---- pictures

let decoder = null, shown = null, newest = 0, drawn = false;
const buffer = document.createElement("canvas"); // the newest picture: drawing parts of a video's frame is slow
const keeper = buffer.getContext("2d", { alpha: false });
const coming = new Map(); // by number: headers of pictures that are being decoded

function resetPictures() {
  if (decoder && decoder.state !== "closed") decoder.close();
  decoder = null;
  newest = 0;
  coming.clear();
}

function takeFrame(data) {
  const length = new DataView(data).getUint32(0, true);
  if (length === 0) return takeSound(data.slice(4));
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length)));
  const coded = new Uint8Array(data, 4 + length);
  if (header.codec === "jpeg") {
    createImageBitmap(new Blob([coded], { type: "image/jpeg" })).then((image) => show(image, header));
    return;
  }
  if (header.key) {
    if (decoder && decoder.state !== "closed") decoder.close();
    decoder = new VideoDecoder({
      output: (frame) => show(frame, coming.get(frame.timestamp)),
      error: () => { knowsH264 = false; socket.close(); }, // it goes on with JPEG
    });
    decoder.configure({ codec: H264, optimizeForLatency: true });
  } else if (!decoder || decoder.state !== "configured") {
    return;
  }
  coming.set(header.number, header);
  decoder.decode(new EncodedVideoChunk({ type: header.key ? "key" : "delta", timestamp: header.number, data: coded }));
}

function show(image, header) {
  if (!header || header.number <= newest) return image.close();
  for (const number of coming.keys()) if (number <= header.number) coming.delete(number);
  newest = header.number;
  const [width, height] = [image.displayWidth || image.width, image.displayHeight || image.height];
  if (buffer.width !== width || buffer.height !== height) [buffer.width, buffer.height] = [width, height];
  keeper.drawImage(image, 0, 0);
  image.close();
  shown = { header, over: header.over ? overParts(header) : [] };
  if (find("note").hidden === false && !ended) say("");
  send({ is: "frameshown", number: header.number });
  if (document.title !== header.title) find("place").textContent = document.title = header.title;
  document.body.classList.toggle("plays", header.plays);
  document.body.classList.toggle("door", Boolean(header.door));
  if (header.moves || !header.plays) document.body.classList.toggle("walks", walks(header));
  warp.frameShown(header);
  ask();
}

function overParts(header) { // what lies over the picture, in runs of tiles: from x, y, to x, y, width
  const bits = atob(header.over), columns = Math.ceil(header.window[0] / TILE), rows = Math.ceil(header.window[1] / TILE);
  const abreast = header.abreast, runs = [];
  let count = 0, run = null;
  for (let tile = 0; bits && tile < rows * columns; tile++) {
    if (!(bits.charCodeAt(tile >> 3) >> (7 - (tile & 7)) & 1)) { run = null; continue; }
    const [fromX, fromY] = [count % abreast * TILE, header.bottom + Math.floor(count / abreast) * TILE];
    const [x, y] = [tile % columns * TILE, Math.floor(tile / columns) * TILE];
    if (run && x && fromX) run[4] += TILE;
    else runs.push(run = [fromX, fromY, x, y, TILE]);
    count += 1;
  }
  return runs;
}

const isOver = (x, y) => shown.over.some(([, , left, top, width]) => x >= left && x < left + width && y >= top && y < top + TILE);

const walks = (header) => Object.values(header.moves || {}).some(([axis]) => axis === "forward");

let asked = 0, last = 0;
function ask() { if (!asked) asked = requestAnimationFrame(draw); }

function draw(now) {
  asked = 0;
  const seconds = Math.min(0.1, (now - last) / 1000);
  last = now;
  if (!shown) return;
  const { header, over } = shown, [width, height] = header.window;
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = header.window;
  const moves = header.picture && !header.rests && warp.move(seconds);
  if (header.picture) drawPicture(header);
  else pen.drawImage(buffer, 0, 0, width, height, 0, 0, width, height);
  for (const [fromX, fromY, x, y, wide] of over) pen.drawImage(buffer, fromX, fromY, wide, TILE, x, y, wide, TILE);
  if (moves) ask();
}

function drawPicture(header) { // scaled as the game does it, and shifted
  const [left, top, width, height] = header.picture, [across, along] = header.margin, fov = header.pose[2];
  const size = fov / (fov + warp.zoom), [wide, tall] = header.frame, [fullWide, fullTall] = header.whole;
  const room = [across * size + (size - 1) * width / 2, along * size + (size - 1) * height / 2];
  const within = (value, most) => Math.round(Math.max(-most, Math.min(most, value)));
  const x = within(-warp.yaw / fov * fullWide * size, Math.max(0, room[0]));
  const y = within(warp.pitch / (fov * ASPECT) * fullTall * size, Math.max(0, room[1]));
  const middle = [left + width / 2, top + height / 2];
  pen.save();
  pen.beginPath();
  pen.rect(left, top, width, height);
  pen.clip();
  pen.setTransform(size, 0, 0, size, middle[0] * (1 - size) + x, middle[1] * (1 - size) + y);
  pen.imageSmoothingEnabled = !header.sharp;
  const part = header.sharp ? [0, 0, wide, tall] : scaledPart(wide, tall, fullWide, fullTall);
  pen.drawImage(buffer, ...part, ...header.origin, fullWide, fullTall);
  pen.restore();
}

function scaledPart(wide, tall, fullWide, fullTall) { // pygame's first pixel is the frame's, and its steps are shorter
  const [across, along] = [wide - (fullWide > wide), tall - (fullTall > tall)];
  return [(1 - across / fullWide) / 2 * (fullWide > wide), (1 - along / fullTall) / 2 * (fullTall > tall), across, along];
}

// ---- late warp: the picture moves with the keys while the next one is on its way

const warp = {
  yaw: 0, pitch: 0, zoom: 0, header: null, // degrees from the frame to the camera
  get rooms() {
    const fov = this.header.pose[2], beyond = (1 - this.header.shown) / 2;
    return { yaw: beyond * fov, pitch: beyond * fov * ASPECT, zoom: fov * (1 / this.header.shown - 1) };
  },
  frameShown(header) { // takes back what a new frame moved by itself
    const before = this.header && this.header.pose;
    this.header = header.pose ? header : null;
    if (!header.pose || header.rests || !before) {
      this.yaw = this.pitch = this.zoom = 0;
      return;
    }
    const [yaw, pitch, fov] = header.pose;
    this.goTo(this.yaw - ((yaw - before[0] + 540) % 360 - 180), this.pitch + before[1] - pitch, this.zoom + before[2] - fov);
  },
  move(seconds) { // true while it moves
    const held = heldCommand(), rooms = this.rooms, [yaw, pitch, zoom] = this.header.speed, kept = Math.exp(-seconds / RETURN_S);
    const eased = (speed, axis) => speed * Math.min(1, Math.max(0, (speed > 0 ? rooms[axis] - this[axis] : rooms[axis] + this[axis]) / (EASE * rooms[axis])));
    const at = (speed, axis) => this[axis] * kept + seconds * eased(speed, axis);
    this.goTo(at(held.yaw * yaw, "yaw"), at(held.pitch * pitch, "pitch"), at(-held.zoom * zoom, "zoom"));
    return Boolean(this.yaw || this.pitch || this.zoom || held.yaw || held.pitch || held.zoom);
  },
  goTo(yaw, pitch, zoom) {
    const rooms = this.rooms, [, framePitch, fov] = this.header.pose;
    const within = (value, most) => Math.max(-most, Math.min(most, value));
    yaw = within(yaw, rooms.yaw);
    pitch = Math.max(-MOST_PITCH - framePitch, Math.min(MOST_PITCH - framePitch, within(pitch, rooms.pitch)));
    zoom = Math.min(WIDEST, Math.max(this.header.narrowest, fov + within(zoom, rooms.zoom))) - fov;
    const moves = Math.max(Math.abs(yaw), Math.abs(pitch), Math.abs(zoom)) >= STILL;
    [this.yaw, this.pitch, this.zoom] = moves ? [yaw, pitch, zoom] : [0, 0, 0];
  },
};

function heldCommand() {
  const command = { yaw: 0, pitch: 0, zoom: 0 }, moves = (shown && shown.header.moves) || {};
  const pushed = new Set([...held].filter((key) => moves[key]).map((key) => moves[key].join()));
  for (const one of pushed) {
    const [axis, way] = one.split(",");
    command[axis] += Number(way);
  }
  for (const axis of ["yaw", "pitch", "zoom"]) command[axis] = command[axis] || pad[axis];
  return command;
}

// ---- keys

const held = new Set(); // by the game's names
const NAMES = {
  ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down", Escape: "escape", Enter: "return",
  " ": "space", PageUp: "page up", PageDown: "page down", Pause: "break", ContextMenu: "menu", ScrollLock: "scroll lock",
  CapsLock: "caps lock", PrintScreen: "print screen", ShiftLeft: "left shift", ShiftRight: "right shift",
  ControlLeft: "left ctrl", ControlRight: "right ctrl", AltLeft: "left alt", AltRight: "right alt", NumpadEnter: "enter",
  NumpadAdd: "[+]", NumpadSubtract: "[-]", NumpadMultiply: "[*]", NumpadDivide: "[/]", NumpadDecimal: "[.]",
};

function keyName(event) {
  const digit = /^Numpad(\d)$/.exec(event.code);
  if (digit) return `[${digit[1]}]`;
  if (NAMES[event.code] || NAMES[event.key]) return NAMES[event.code] || NAMES[event.key];
  if ([...event.key].length > 1) return event.key.toLowerCase(); // F1, Tab, Home
  const letter = /^Key([A-Z])$/.exec(event.code), key = event.key.toLowerCase();
  return letter && key > "\x7f" ? letter[1].toLowerCase() : key; // other alphabets: by the place of the key
}

function pressKey(name, down, event = {}) {
  if (down) held.add(name);
  else held.delete(name);
  send({
    is: "keypress", name, down, shift: Boolean(event.shiftKey), ctrl: Boolean(event.ctrlKey), alt: Boolean(event.altKey),
    meta: Boolean(event.metaKey), again: Boolean(event.repeat),
  });
  ask();
}

const isOurs = (event) => !(event.target instanceof HTMLInputElement || event.target instanceof HTMLButtonElement);

window.addEventListener("keydown", (event) => {
  const command = event.ctrlKey || event.metaKey, leaves = event.key === "Tab" && event.shiftKey;
  if (!isOurs(event) || leaves || event.isComposing || (command && !"zacx".includes(event.key.toLowerCase()))) return;
  const isText = [...event.key].length === 1;
  if (event.altKey && !isText) return;
  event.preventDefault();
  hearSound();
  pressKey(keyName(event), true, event);
  if (isText && !command) send({ is: "textwritten", text: event.key });
});
window.addEventListener("keyup", (event) => { if (isOurs(event)) pressKey(keyName(event), false, event); });
window.addEventListener("paste", (event) => {
  const text = isOurs(event) && event.clipboardData.getData("text/plain");
  if (text) send({ is: "textwritten", text: text.slice(0, 4000) });
});
window.addEventListener("blur", () => { held.clear(); send({ is: "focuslost" }); });
document.addEventListener("visibilitychange", () => {
  const yes = document.visibilityState === "visible";
  send({ is: "pageseen", yes });
  if (!yes) stopSound();
});

// ---- mouse and fingers

const fingers = new Map(); // by id: where each is, of those that touch
let pointed = null, wheeled = 0, drags = false, longPress = 0, spread = 0;

function at(event) {
  const box = canvas.getBoundingClientRect();
  const [width, height] = shown ? shown.header.window : [canvas.width, canvas.height];
  return { x: Math.round((event.clientX - box.left) * width / box.width), y: Math.round((event.clientY - box.top) * height / box.height) };
}

const plays = () => Boolean(shown && shown.header.plays);
const press = (event, button, down) => { flushPointer(); send({ is: "mousebutton", ...at(event), button, down }); };

function flushPointer() {
  if (pointed) send(pointed);
  pointed = null;
}

canvas.addEventListener("pointerdown", (event) => {
  event.preventDefault();
  canvas.focus();
  canvas.setPointerCapture(event.pointerId);
  hearSound();
  if (event.pointerType !== "touch") {
    drags = event.button === 0 && shown && !isOver(at(event).x, at(event).y);
    return press(event, event.button + 1, true);
  }
  fingers.set(event.pointerId, { begin: event, now: event, moved: false, pressed: false });
  clearTimeout(longPress);
  if (fingers.size > 1) return;
  const finger = fingers.get(event.pointerId);
  longPress = setTimeout(() => {
    if (finger.moved || !plays()) return;
    if (finger.pressed) press(event, 1, false);
    finger.pressed = false;
    press(event, 3, true);
    press(event, 3, false);
  }, LONG_PRESS_MS);
  if (plays()) {
    finger.pressed = true;
    drags = !isOver(at(event).x, at(event).y);
    press(event, 1, true);
  }
});

canvas.addEventListener("pointermove", (event) => {
  if (event.pointerType === "touch") return moveFinger(event);
  if (drags && event.buttons & 1) shiftBy(event.movementX, event.movementY);
  const buttons = (event.buttons & 1) | (event.buttons & 4 ? 2 : 0) | (event.buttons & 2 ? 4 : 0);
  pointAt({ is: "pointermove", ...at(event), buttons });
  find("tools").classList.add("lit");
  clearTimeout(find("tools").dim);
  find("tools").dim = setTimeout(() => find("tools").classList.remove("lit"), 3000);
});

function pointAt(message) { // once for each display frame
  if (!pointed) requestAnimationFrame(flushPointer);
  pointed = message;
}

function moveFinger(event) {
  const finger = fingers.get(event.pointerId);
  if (!finger) return;
  const before = finger.now;
  finger.now = event;
  finger.moved = finger.moved || Math.hypot(event.clientX - finger.begin.clientX, event.clientY - finger.begin.clientY) > DRAG_PX;
  if (fingers.size === 2) {
    const [one, other] = [...fingers.values()].map((each) => each.now);
    const apart = Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
    if (spread && Math.abs(apart - spread) > 30) send({ is: "wheelturn", y: apart > spread ? 1 : -1 });
    if (!spread || Math.abs(apart - spread) > 30) spread = apart;
  } else if (finger.pressed) {
    if (drags) shiftBy(event.clientX - before.clientX, event.clientY - before.clientY);
    pointAt({ is: "pointermove", ...at(event), buttons: 1 });
  } else if (finger.moved && !plays()) {
    turnWheel(before.clientX - event.clientX, before.clientY - event.clientY);
  }
}

function shiftBy(x, y) { // the picture follows the hand
  const header = shown && shown.header;
  if (!header || !header.pose || header.rests) return;
  const scale = header.window[0] / canvas.clientWidth, fov = header.pose[2];
  warp.goTo(warp.yaw - x * scale / header.whole[0] * fov, warp.pitch + y * scale / header.whole[1] * fov * ASPECT, warp.zoom);
  ask();
}

function lift(event) {
  const finger = fingers.get(event.pointerId);
  clearTimeout(longPress);
  if (event.pointerType !== "touch") return press(event, event.button + 1, false);
  fingers.delete(event.pointerId);
  spread = 0;
  if (!finger || event.type === "pointercancel") return finger && finger.pressed && press(event, 1, false);
  if (!finger.pressed && !finger.moved && !plays()) press(event, 1, true);
  if (finger.pressed || (!finger.moved && !plays())) press(event, 1, false);
}
canvas.addEventListener("pointerup", lift);
canvas.addEventListener("pointercancel", lift);
canvas.addEventListener("contextmenu", (event) => event.preventDefault());
canvas.addEventListener("wheel", (event) => {
  event.preventDefault();
  turnWheel(event.deltaX, event.deltaY * (event.deltaMode ? WHEEL_PX / 3 : 1));
}, { passive: false });

function turnWheel(x, y) {
  wheeled += Math.abs(x) > Math.abs(y) ? 0 : y;
  const notches = Math.max(-20, Math.min(20, Math.trunc(wheeled / WHEEL_PX)));
  if (!notches) return;
  wheeled -= notches * WHEEL_PX;
  send({ is: "wheelturn", y: -notches });
}

// ---- gamepads, in the order of SDL

const PAD_ORDER = [0, 1, 2, 3, 8, 16, 9, 10, 11, 4, 5, 12, 13, 14, 15];
const pad = { yaw: 0, pitch: 0, zoom: 0, buttons: [], axes: [] };
function lookAtPads() {
  const one = [...navigator.getGamepads()].find((each) => each && each.mapping === "standard");
  if (one) {
    PAD_ORDER.forEach((place, button) => {
      const down = Boolean(one.buttons[place] && one.buttons[place].pressed);
      if (down !== Boolean(pad.buttons[button])) send({ is: "padbutton", button, down });
      pad.buttons[button] = down;
    });
    const axes = [...one.axes.slice(0, 4), one.buttons[6].value, one.buttons[7].value];
    axes.forEach((raw, axis) => {
      const value = Math.abs(raw) < DEAD ? 0 : Math.round(raw * 50) / 50;
      const before = pad.axes[axis] || 0;
      if (value !== before && !before) send({ is: "stickmove", axis, value: 0 }); // a new screen waits for sticks at rest
      if (value !== before) send({ is: "stickmove", axis, value });
      pad.axes[axis] = value;
    });
    const left = shown && walks(shown.header) ? [0, 0] : axes; // there it walks
    [pad.yaw, pad.pitch, pad.zoom] = [left[0] || axes[2], -(left[1] || axes[3]), axes[5] - axes[4]].map((value) => Math.abs(value) < DEAD ? 0 : value);
    if (pad.yaw || pad.pitch || pad.zoom) ask();
  }
  requestAnimationFrame(lookAtPads);
}
window.addEventListener("gamepadconnected", lookAtPads, { once: true });

// ---- the page's own buttons

for (const button of document.querySelectorAll("[data-key]")) {
  const hold = (down) => (event) => {
    event.preventDefault();
    button.classList.toggle("held", down);
    hearSound();
    if (down || held.has(button.dataset.key)) pressKey(button.dataset.key, down);
  };
  button.addEventListener("pointerdown", hold(true));
  for (const kind of ["pointerup", "pointercancel", "pointerleave"]) button.addEventListener(kind, hold(false));
  button.addEventListener("click", (event) => { // by a keyboard or a screen reader
    if (event.detail) return;
    pressKey(button.dataset.key, true);
    pressKey(button.dataset.key, false);
  });
}
const written = find("written");
find("type").onclick = () => { written.value = " "; written.focus(); };
written.addEventListener("input", (event) => {
  if (event.isComposing) return;
  if (event.inputType === "deleteContentBackward") ["down", "up"].forEach((way) => pressKey("backspace", way === "down"));
  else if (event.data) send({ is: "textwritten", text: event.data });
  written.value = " "; // something that can be deleted
});
written.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" && event.key !== "Escape") return;
  pressKey(NAMES[event.key], true);
  pressKey(NAMES[event.key], false);
  written.blur();
});

async function copy() {
  const asked = new Promise((resolve) => { takeLink = resolve; });
  if (hasGame) send({ is: "linkwanted" });
  else takeLink({ link: place, replays: false });
  const text = asked.then((answer) => `${location.origin}${location.pathname}#${answer.link || link()}`);
  try { // a promise: later, a browser would not take it for the player's wish
    const item = new ClipboardItem({ "text/plain": text.then((words) => new Blob([words], { type: "text/plain" })) });
    await navigator.clipboard.write([item]);
    find("link").textContent = (await asked).replays ? "Copied: it replays" : "Copied";
  } catch { // over plain http there is no clipboard: it is shown to be copied by hand
    prompt("The link to this place:", await text);
  }
  setTimeout(() => { find("link").textContent = "Copy link"; }, 2000);
}
find("link").onclick = () => { copy(); canvas.focus(); };

function fill() {
  if (document.fullscreenElement) document.exitFullscreen();
  else if (document.documentElement.requestFullscreen) document.documentElement.requestFullscreen().catch(() => {});
}
find("fill").onclick = () => { fill(); canvas.focus(); };

// ---- sound: silent until the first key or click, as browsers want it

let sound = null, listener = null, until = 0, heard = 0;
function hearSound() {
  if (sound || !knowsOpus) return;
  sound = new AudioContext({ sampleRate: 48000 });
  send({ is: "soundwanted", on: true });
}

function stopSound() {
  until = 0;
}

function takeSound(data) {
  if (!sound || document.visibilityState !== "visible") return;
  if (!listener || listener.state === "closed") {
    listener = new AudioDecoder({ output: playSound, error: () => { listener = null; } });
    listener.configure({ codec: "opus", sampleRate: 48000, numberOfChannels: 2 });
  }
  listener.decode(new EncodedAudioChunk({ type: "key", timestamp: heard++ * 20000, data }));
}

function playSound(piece) {
  const buffer = sound.createBuffer(piece.numberOfChannels, piece.numberOfFrames, piece.sampleRate);
  for (let channel = 0; channel < piece.numberOfChannels; channel++) {
    piece.copyTo(buffer.getChannelData(channel), { planeIndex: channel, format: "f32-planar" });
  }
  piece.close();
  const player = sound.createBufferSource();
  player.buffer = buffer;
  player.connect(sound.destination);
  if (until < sound.currentTime || until > sound.currentTime + 4 * SOUND_AHEAD_S) until = sound.currentTime + SOUND_AHEAD_S;
  player.start(until);
  until += buffer.duration;
}

// ---- size, and the beginning

function wanted() { // device pixels, within reason
  const { clientWidth: width, clientHeight: height } = stage;
  const most = Math.min(Math.sqrt(MOST_PIXELS / Math.max(1, width * height)), MOST_SIDE / Math.max(1, width, height));
  const ratio = Math.min(devicePixelRatio || 1, most); // one for both sides: the canvas fills the page
  const side = (length) => Math.max(64, Math.round(length * ratio));
  return { width: side(width), height: side(height) };
}
let resizing = 0;
new ResizeObserver(() => {
  clearTimeout(resizing);
  resizing = setTimeout(() => send({ is: "pagesize", ...wanted() }), 150);
}).observe(stage);

async function begin() {
  const asks = (kind, config) => globalThis[kind] ? globalThis[kind].isConfigSupported(config).then((answer) => answer.supported, () => false) : false;
  [knowsH264, knowsOpus] = await Promise.all([
    asks("VideoDecoder", { codec: H264, optimizeForLatency: true }),
    asks("AudioDecoder", { codec: "opus", sampleRate: 48000, numberOfChannels: 2 }),
  ]);
  canvas.focus();
  connect();
}
begin();
