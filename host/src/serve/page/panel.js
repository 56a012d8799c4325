// The panel of the test page: a form that builds an address, and what a page can learn of an end.
// It stands before chat.js, which connects at once.
const behaviour = byId("behaviour");
const controls = [...behaviour.elements].filter(({ name }) => name); // one for each parameter
const path = location.href.replace(/[?#].*/, "").replace(/^http/, "ws");

// The values of a parameter; that of a flag is empty.
function valuesOf({ type, checked, value, dataset }) {
  if (type === "checkbox") return checked ? [""] : [];
  return ("lines" in dataset ? value.split("\n") : [value]).filter(Boolean);
}

function partsOf(control) {
  return valuesOf(control).map((value) => control.name + (value && `=${inQuery(value)}`));
}

// Only what has a meaning in an address, or in quotes of a shell, is not shown as it is.
function inQuery(value) {
  const encoded = encodeURIComponent(value.toWellFormed()).replace(/'/g, "%27");
  return encoded.replace(/%20/g, "+").replace(/%(2C|2F|3A)/g, decodeURIComponent);
}

function showBuilt() {
  const query = controls.flatMap(partsOf).join("&");
  byId("built").textContent = query ? `${path}?${query}` : path;
  byId("copied").textContent = "";
  markNamed("");
  for (const group of behaviour.querySelectorAll("details")) {
    const set = controls.filter((it) => group.contains(it)).flatMap(partsOf);
    const summary = group.querySelector("small");
    summary.textContent = set.join(" ") || summary.dataset.names;
    summary.classList.toggle("set", set.length > 0);
  }
}

// A mistake names parameters in quotes.
function markNamed(mistake) {
  for (const control of controls)
    control.setAttribute("aria-invalid", mistake.includes(`'${control.name}'`));
}

function fill(query) {
  for (const [name, value] of new URLSearchParams(query)) {
    const control = controls.find((it) => it.name === name);
    if (!control) continue;
    const isNext = "lines" in control.dataset && control.value;
    control.checked = true;
    control.value = isNext ? `${control.value}\n${value}` : value;
    control.closest("details").open = true;
  }
}

// The page's own address leads to what was tried last, so that it can be shared.
function share(url) {
  const { search } = new URL(url);
  if (url === path + search) history.replaceState(null, "", search || location.pathname);
}

// A page is not told how a handshake failed. Over HTTP the server says what is wrong.
async function explain(tried) {
  const { origin, href } = new URL(tried.url.replace("ws", "http"));
  if (origin !== location.origin) return;
  const reason = await fetch(href).then(reasonOf, () => "the server does not answer over HTTP");
  if (tried !== socket) return;
  addReason(reason);
  markNamed(reason);
}

async function reasonOf(response) {
  if (!response.ok) {
    const [sentence] = (await response.text()).split("\n"); // the parameters that follow are here
    return `the server says: ${response.status} ${response.statusText}: ${sentence}`;
  }
  share(response.url.replace("http", "ws"));
  await response.body.cancel();
  return "the address has no mistake: the browser's console says how the handshake failed";
}

document.addEventListener("connecting", ({ detail: tried }) => {
  let wasOpen = false;
  tried.addEventListener("open", () => {
    wasOpen = true;
    share(tried.url);
  });
  tried.addEventListener("close", ({ wasClean }) => {
    if (tried !== socket) return;
    if (!wasOpen) return explain(tried);
    addReason(
      wasClean
        ? "the end was clean: both sides sent a Close"
        : "the end was not clean: the connection was lost, or the browser's console says why",
    );
  });
});

onSubmit("behaviour", () => {
  byId("address").value = byId("built").textContent;
  byId("opening").requestSubmit();
  document.querySelector("main").scrollIntoView({ block: "nearest" });
});
behaviour.onkeydown = (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  if (event.target.localName !== "textarea" || "lines" in event.target.dataset) return;
  event.preventDefault(); // a line break needs Shift, as in most chats
  behaviour.requestSubmit();
};
behaviour.oninput = showBuilt;
behaviour.onreset = () => setTimeout(showBuilt); // when it is reset
byId("copy").onclick = async () => {
  getSelection().selectAllChildren(byId("built"));
  try {
    await navigator.clipboard.writeText(byId("built").textContent);
    byId("copied").textContent = "Copied";
  } catch {
    byId("copied").textContent = "Selected, to be copied";
  }
};

byId("automatic").checked = false;
fill(location.search);
showBuilt();
