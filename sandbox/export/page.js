"use strict";
// Draws what the page's data say of the moment that is played: the display, the map, memory.
// It loads nothing and knows nothing but the data; every word is set as text, never as HTML.
(() => {
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId("data").textContent);
  const video = document.querySelector("video");
  const scrub = byId("time");
  const { moments, kept, ring, picture } = data;
  const KIND = 0, YAW = 1, PITCH = 2, FOV = 3, FIRST = 4, LAST = 5, PICTURE = 6, FROM = 7, READ = 8;
  const GAP = 3, LARGEST = 92, SMALLEST = 14; // px of a tile's gap and width
  const READ_COLOUR = "#f0b23c", VIEW_COLOUR = "#f4f6fc", EMPTY = "#10131c", HATCH = "#283048";
  const still = window.matchMedia("(prefers-reduced-motion: reduce)");
  const pictures = { sheet: data.sheet, map: data.map };
  let tiles = []; // what lies where on the canvas of kept frames
  let drawn = -1, asked = null;

  const colourOf = (kind) => {
    const probe = document.createElement("i");
    probe.className = `area ${kind}`;
    document.body.append(probe);
    const colour = getComputedStyle(probe).backgroundColor;
    probe.remove();
    return colour;
  };
  const colours = data.kinds.map(([kind]) => colourOf(kind));

  const seconds = () => {
    if (asked !== null) return asked;
    if (video && !scrub.isConnected) return video.currentTime;
    return Number(scrub.value);
  };

  const momentAt = (second) => {
    let low = 0, high = moments.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (moments[middle].t <= second + 1e-3) low = middle;
      else high = middle - 1;
    }
    return low;
  };

  const goTo = (second) => {
    asked = Math.min(Math.max(0, second), data.seconds - 0.01);
    scrub.value = String(asked);
    if (video && video.readyState > 0) {
      video.currentTime = asked;
      asked = null;
    } else if (!video || video.error) {
      asked = null;
    }
    show();
  };

  const wasRead = (row, moment) => {
    for (let place = 0; place < row[READ].length; place += 2) {
      if (row[READ][place] <= moment && moment <= row[READ][place + 1]) return true;
    }
    return false;
  };

  const sized = (canvas, height) => {
    const width = canvas.clientWidth, ratio = window.devicePixelRatio || 1;
    canvas.style.height = `${height}px`;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    const brush = canvas.getContext("2d");
    brush.scale(ratio, ratio);
    return brush;
  };

  const hatched = (brush, left, top, width, height, colour) => {
    brush.save();
    brush.beginPath();
    brush.rect(left, top, width, height);
    brush.clip();
    brush.strokeStyle = colour;
    brush.lineWidth = 2;
    for (let x = left - height; x < left + width; x += 9) {
      brush.beginPath();
      brush.moveTo(x, top + height);
      brush.lineTo(x + height, top);
      brush.stroke();
    }
    brush.restore();
  };

  // Places of the ring, unrolled: what looks at 0 degrees is in the middle, the seam lies behind.
  const boxOf = (yaw, pitch, fov, scale) => {
    const width = fov * ring.scale * scale, height = width * data.aspect;
    const whole = ring.width * scale;
    const middle = ((((yaw + 180) * ring.scale * scale) % whole) + whole) % whole;
    return [middle - width / 2, (ring.top - pitch) * ring.scale * scale - height / 2, width, height];
  };
  const around = (box, whole, draw) => {
    for (const turn of [-whole, 0, whole]) {
      if (box[0] + turn < whole && box[0] + turn + box[2] > 0) draw(box[0] + turn, ...box.slice(1));
    }
  };
  const strip = (canvas) => {
    const scale = canvas.clientWidth / ring.width, height = Math.round(ring.height * scale);
    const brush = sized(canvas, height), whole = ring.width * scale;
    brush.fillStyle = EMPTY;
    brush.fillRect(0, 0, whole, height);
    hatched(brush, 0, 0, whole, height, HATCH);
    return [brush, scale, whole];
  };

  // The map shows ground from the moment at which it was first seen.
  const seen = document.createElement("canvas");
  seen.width = ring.width;
  seen.height = ring.height;
  let seenUntil = -1;
  const see = (moment) => {
    const brush = seen.getContext("2d");
    if (moment < seenUntil) {
      brush.clearRect(0, 0, seen.width, seen.height);
      seenUntil = -1;
    }
    for (let place = seenUntil + 1; place <= moment; place++) {
      around(boxOf(...moments[place].pose, 1), ring.width, (left, top, width, height) => {
        const x = Math.max(0, Math.round(left)), y = Math.max(0, Math.round(top));
        const right = Math.min(ring.width, Math.round(left + width));
        const bottom = Math.min(ring.height, Math.round(top + height));
        if (right > x && bottom > y) {
          brush.drawImage(pictures.map, x, y, right - x, bottom - y, x, y, right - x, bottom - y);
        }
      });
    }
    seenUntil = moment;
  };

  const drawMap = (moment) => {
    const [brush, scale, whole] = strip(byId("map"));
    see(moment);
    brush.drawImage(seen, 0, 0, whole, ring.height * scale);
    const path = (from, to, colour, width) => {
      brush.strokeStyle = colour;
      brush.lineWidth = width;
      brush.beginPath();
      let before = null;
      for (let place = from; place <= to; place++) {
        const [left, top, wide, high] = boxOf(...moments[place].pose, scale);
        const x = left + wide / 2, y = top + high / 2;
        if (before === null || Math.abs(x - before) > whole / 2) brush.moveTo(x, y);
        else brush.lineTo(x, y);
        before = x;
      }
      brush.stroke();
    };
    path(0, moments.length - 1, "rgba(13,17,30,.55)", 3);
    path(0, moments.length - 1, "rgba(255,255,255,.35)", 1.2);
    path(0, moment, "rgba(13,17,30,.8)", 4.5);
    path(0, moment, READ_COLOUR, 2.2);
    for (const back of data.returns) {
      const [left, top, wide, high] = boxOf(...back.pose, scale);
      brush.beginPath();
      brush.arc(left + wide / 2, top + high / 2, 5, 0, 2 * Math.PI);
      brush.fillStyle = back.t <= moments[moment].t + 0.2 ? colourOf(`recall-${back.word}`) : "#7a849c";
      brush.fill();
      brush.lineWidth = 2;
      brush.strokeStyle = "rgba(13,17,30,.9)";
      brush.stroke();
    }
    outline(brush, moments[moment].pose, scale, whole, VIEW_COLOUR, 2);
  };

  const outline = (brush, pose, scale, whole, colour, line) => {
    around(boxOf(...pose, scale), whole, (left, top, width, height) => {
      brush.strokeStyle = "rgba(13,17,30,.85)";
      brush.lineWidth = line + 2;
      brush.strokeRect(left, top, width, height);
      brush.strokeStyle = colour;
      brush.lineWidth = line;
      brush.strokeRect(left, top, width, height);
    });
  };

  // What was imagined ahead was not shown: what was seen there so far, hatched, stands for it.
  const paintSeen = (brush, row, left, top, width, height) => {
    const [right, down] = boxOf(row[YAW], row[PITCH], row[FOV], 1);
    const scale = width / (row[FOV] * ring.scale), whole = ring.width * scale;
    brush.save();
    brush.beginPath();
    brush.rect(left, top, width, height);
    brush.clip();
    brush.fillStyle = "#151a28";
    brush.fillRect(left, top, width, height);
    for (const turn of [-whole, 0, whole]) {
      brush.drawImage(seen, left - right * scale + turn, top - down * scale, whole, ring.height * scale);
    }
    brush.restore();
    hatched(brush, left, top, width, height, colours[row[KIND]]);
  };

  const paint = (brush, row, moment, left, top, width, height) => {
    if (row[PICTURE] < 0 || row[FROM] > moment) {
      paintSeen(brush, row, left, top, width, height);
      return;
    }
    const x = (row[PICTURE] % picture.columns) * picture.width;
    const y = Math.floor(row[PICTURE] / picture.columns) * picture.height;
    brush.drawImage(pictures.sheet, x, y, picture.width, picture.height, left, top, width, height);
  };

  const drawHeld = (moment, there) => {
    const [brush, scale, whole] = strip(byId("held"));
    for (const isRead of [false, true]) {
      for (const row of there) {
        if (wasRead(row, moment) !== isRead) continue;
        around(boxOf(row[YAW], row[PITCH], row[FOV], scale), whole, (...box) => {
          brush.globalAlpha = isRead ? 1 : 0.5;
          paint(brush, row, moment, ...box);
          brush.globalAlpha = 1;
          if (!isRead) {
            brush.strokeStyle = "rgba(255,255,255,.16)";
            brush.lineWidth = 1;
            brush.strokeRect(...box);
          }
        });
      }
    }
    for (const row of there) {
      if (wasRead(row, moment)) {
        outline(brush, [row[YAW], row[PITCH], row[FOV]], scale, whole, READ_COLOUR, 2.5);
      }
    }
    outline(brush, moments[moment].pose, scale, whole, VIEW_COLOUR, 1.5);
  };

  // Tiles are as large as lets all of them be seen.
  const drawSlots = (moment, there) => {
    const canvas = byId("slots"), across = canvas.clientWidth, most = Number(canvas.dataset.height);
    const shape = picture.height / picture.width;
    let width = LARGEST, columns = 1;
    for (; width >= SMALLEST; width -= 2) {
      columns = Math.max(1, Math.floor((across + GAP) / (width + GAP)));
      if (Math.ceil(there.length / columns) * (width * shape + GAP) <= most) break;
    }
    width = Math.max(width, SMALLEST);
    columns = Math.max(1, Math.floor((across + GAP) / (width + GAP)));
    const height = width * shape, brush = sized(canvas, most);
    tiles = [];
    there.forEach((row, place) => {
      const left = (place % columns) * (width + GAP);
      const top = Math.floor(place / columns) * (height + GAP), isRead = wasRead(row, moment);
      if (top + height > most + 1) return;
      brush.fillStyle = EMPTY;
      brush.fillRect(left, top, width, height);
      brush.globalAlpha = isRead ? 1 : 0.6;
      paint(brush, row, moment, left, top, width, height);
      brush.globalAlpha = 1;
      brush.fillStyle = colours[row[KIND]];
      brush.fillRect(left, top + height - Math.max(2, height / 14), width, Math.max(2, height / 14));
      if (isRead) {
        const line = Math.max(1.5, width / 30);
        brush.strokeStyle = READ_COLOUR;
        brush.lineWidth = line;
        brush.strokeRect(left + line / 2, top + line / 2, width - line, height - line);
      }
      tiles.push([left, top, width, height, row]);
    });
  };

  const say = (id, text) => {
    const element = byId(id);
    if (element.textContent !== text) element.textContent = text;
  };

  const poseText = ([yaw, pitch, fov]) => {
    const zoom = 90 / fov >= 1.05 ? ` · ${(90 / fov).toFixed(1)}x` : "";
    const tilt = `${pitch < 0 ? "−" : "+"}${Math.abs(pitch).toFixed(0)}°`;
    return `${data.exact ? "" : "about "}${yaw.toFixed(0)}° · ${tilt}${zoom}`;
  };

  const drawHud = (moment) => {
    const now = moments[moment];
    say("hud-phrase", now.phrase);
    say("hud-pose", poseText(now.pose));
    say("hud-prompt", now.prompt);
    say("hud-policy", `memory ${now.policy}`);
    say("hud-size", [now.words[0], now.words[1]].filter(Boolean).join(" · "));
    say("hud-kept", [now.words[2], now.words[3]].join(" · "));
    const rows = [["key to frame", now.latency], ...now.ms].map(([name, ms]) => {
      const row = document.createElement("span");
      const value = document.createElement("b");
      value.textContent = `${ms} ms`;
      row.append(name, value);
      return row;
    });
    byId("hud-stages").replaceChildren(...rows);
    const parts = now.bar.map(([kind, bytes]) => {
      const part = document.createElement("i");
      part.className = `area ${kind}`;
      part.style.width = `${(100 * bytes) / now.whole}%`;
      return part;
    });
    byId("hud-bar").replaceChildren(...parts);
  };

  const drawLines = (second) => {
    for (const svg of document.querySelectorAll("svg[data-left]")) {
      const { left, right } = svg.dataset;
      const x = Number(left) + ((right - left) * second) / data.seconds;
      const line = svg.querySelector(".playhead");
      line.setAttribute("x1", x);
      line.setAttribute("x2", x);
    }
  };

  const show = (again = false) => {
    const second = seconds(), moment = momentAt(second);
    drawLines(second);
    if (moment === drawn && again !== true) return;
    drawn = moment;
    const there = kept.filter((row) => row[FIRST] <= moment && moment <= row[LAST]);
    const read = there.filter((row) => wasRead(row, moment)).length;
    drawHud(moment);
    drawMap(moment);
    drawHeld(moment, there);
    drawSlots(moment, there);
    const now = moments[moment];
    const fewer = there.length < now.kept ? ` (${there.length} of them drawn)` : "";
    const gone = read < now.read ? ` (${read} of them still kept)` : "";
    say("said", `At ${now.t.toFixed(1)} s: ${now.kept} ${now.kept === 1 ? "frame" : "frames"} ` +
      `kept${fewer}, ${now.read} read by the block on screen${gone}.`);
    document.documentElement.dataset.moment = String(moment);
  };

  const keepUp = () => {
    show();
    if (video && !video.paused) requestAnimationFrame(keepUp);
  };

  const listen = () => {
    window.addEventListener("resize", () => show(true));
    scrub.addEventListener("input", () => goTo(Number(scrub.value)));
    const unplayable = () => {
      byId("unplayable").hidden = false;
      byId("unplayable").before(scrub);
      scrub.hidden = false;
      goTo(asked ?? 0);
    };
    if (video) {
      scrub.remove();
      video.addEventListener("play", keepUp);
      for (const event of ["seeked", "timeupdate", "pause"]) video.addEventListener(event, () => show());
      video.addEventListener("loadedmetadata", () => asked !== null && goTo(asked));
      video.addEventListener("error", unplayable);
      if (video.error) unplayable();
    }
    const toggle = byId("hud-on");
    toggle.addEventListener("change", () => (byId("hud").hidden = !toggle.checked));
    document.addEventListener("keydown", (event) => {
      if (event.key === "h" && !event.ctrlKey && !event.metaKey && !event.altKey) toggle.click();
    });
    for (const wipe of document.querySelectorAll(".wipe")) {
      wipe.querySelector("input").addEventListener("input", (event) =>
        wipe.style.setProperty("--at", `${event.target.value}%`));
    }
    for (const button of document.querySelectorAll("button[data-second]")) {
      button.addEventListener("click", () => {
        goTo(Number(button.dataset.second));
        byId("stage").scrollIntoView({ behavior: still.matches ? "auto" : "smooth" });
      });
    }
    for (const svg of document.querySelectorAll("svg[data-left]")) {
      svg.addEventListener("click", (event) => {
        const box = svg.getBoundingClientRect(), { left, right } = svg.dataset;
        const x = ((event.clientX - box.left) / box.width) * svg.viewBox.baseVal.width;
        goTo((data.seconds * (x - left)) / (right - left));
      });
    }
    const slots = byId("slots");
    const tileAt = (event) => tiles.find(([left, top, width, height]) =>
      left <= event.offsetX && event.offsetX < left + width &&
      top <= event.offsetY && event.offsetY < top + height);
    slots.addEventListener("pointermove", (event) => {
      const tile = tileAt(event);
      slots.style.cursor = tile ? "pointer" : "";
      slots.title = tile ? sentenceOf(tile[4]) : "";
    });
    slots.addEventListener("click", (event) => {
      const tile = tileAt(event);
      if (tile) goTo(moments[tile[4][FIRST]].t);
    });
  };

  const sentenceOf = (row) => {
    const age = moments[drawn].t - moments[row[FIRST]].t;
    const picture = row[PICTURE] < 0 || row[FROM] > drawn ? ", never shown as it is" : "";
    return `${data.kinds[row[KIND]][1]}${picture}: kept for ${age.toFixed(1)} s, at ` +
      `${poseText([row[YAW], row[PITCH], row[FOV]])}, ` +
      `${wasRead(row, drawn) ? "read" : "not read"} by this block`;
  };

  const loaded = Object.entries(pictures).map(([name, address]) => {
    const image = new Image();
    image.src = address;
    pictures[name] = image;
    return image.decode();
  });
  Promise.all(loaded).then(() => {
    document.documentElement.classList.add("live");
    listen();
    const wanted = /^#t=(\d+(?:\.\d+)?)$/.exec(location.hash);
    goTo(wanted ? Number(wanted[1]) : 0);
    show(true);
  });
})();
