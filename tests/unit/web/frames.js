// WindowProxy, frames and documents from JavaScript. A failed check is an uncaught error.
const equal = heddle.assertEqual;
const thrown = action => { try { action(); } catch (error) { return error.name; } return "nothing"; };

/* shows R-WIN-01, R-WIN-02 */
{
  equal(globalThis, window, "globalThis is the proxy");
  equal(this, window, "this of a script is the proxy");
  equal((function () { return this; })(), window, "this of a sloppy function is the proxy");
  equal((function () { "use strict"; return this; })(), undefined, "strict functions have none");
  equal((0, eval)("this"), window, "this of an indirect eval");
  equal(new Function("return this")(), window, "this of a Function");
  window.made = 1;
  equal(made, 1, "a property of the proxy is a global variable");
  undeclared = 2;
  equal(window.undeclared, 2, "and the other way round");
  equal(delete window.made, true, "it can be deleted");
  equal(typeof made, "undefined", "and is gone");
  var declared = 3;
  equal(delete window.declared, false, "var cannot");
  equal(Object.getOwnPropertyDescriptor(window, "declared"), { value: 3, writable: true, enumerable: true, configurable: false }, "descriptor");
  Object.defineProperty(window, "whose", { get() { return this; }, configurable: true });
  equal(whose, window, "a getter sees the proxy, by its bare name");
  equal(window.whose, window, "and by the window");
  equal(Object.keys(window).includes("declared"), true, "own keys");
  equal("declared" in window && Reflect.has(window, "setTimeout"), true, "has");
  equal(Object.getPrototypeOf(window), Window.prototype, "prototype");
  equal(window instanceof Window && window instanceof EventTarget, true, "instanceof");
  equal(String(window), "[object Window]", "tag");
  equal([opener, length, closed, name, frameElement], [null, 0, false, "", null], "a tab alone");
  equal(parent === window && top === window && self === window && frames === window, true, "are all the window");
  equal(thrown(() => structuredClone(window)), "DataCloneError", "a window is not cloned");
  setTimeout(function () { equal(this, window, "this of a timer's function"); });
}

/* [Replaceable] and [PutForwards] */
{
  const frame = document.createElement("iframe");
  document.body.append(frame);
  const w = frame.contentWindow;
  w.length = 5;
  equal(w.length, 5, "length is replaceable");
  w.name = "renamed";
  equal(window.renamed, w, "named access follows the window's name");
  equal(thrown(() => { "use strict"; w.window = 1; }), "TypeError", "window is not");
  equal(frames.length, 1, "one frame");
  equal(Object.keys(window).includes("0"), true, "an index is an own key");
  equal(Reflect.set(window, "0", 1), false, "and cannot be set");
  equal(Reflect.defineProperty(window, "0", { value: 1 }), false, "nor defined");
  equal(window[1], undefined, "there is no second one");
  frame.remove();
  equal([frames.length, frame.contentWindow, w.closed, w.parent], [0, null, true, null], "a removed frame");
  document.body.append(frame);
  equal(frame.contentWindow === w, false, "put back it has another window");
  frame.remove();
}

/* The tree of nodes */
{
  const div = document.createElement("div");
  const text = document.createTextNode("a");
  div.append(text, "b", document.createElement("p"));
  equal([div.childNodes.length, div.textContent, div.children.length], [3, "ab", 1], "append");
  div.insertBefore(div.lastChild, text);
  equal(div.firstChild.tagName, "P", "insertBefore moves");
  equal(thrown(() => div.firstChild.appendChild(div)), "HierarchyRequestError", "no circles");
  equal(thrown(() => div.removeChild(document.body)), "NotFoundError", "not a child");
  div.id = "some";
  div.className = "big red";
  document.body.append(div);
  equal(document.getElementById("some"), div, "getElementById");
  equal(document.querySelector("div.red#some"), div, "querySelector");
  equal(document.querySelectorAll("p, div").length, 2, "a list of selectors");
  equal(document.querySelector("[class='big red']"), div, "attributes");
  equal(thrown(() => document.querySelector("a > b")), "SyntaxError", "what is not understood is said");
  div.textContent = "c";
  equal([div.childNodes.length, div.isConnected, text.isConnected], [1, true, false], "textContent");
  div.remove();
  equal([div.parentNode, document.getElementById("some")], [null, null], "remove");
  document.title = "title";
  equal([document.title, document.querySelector("title").textContent], ["title", "title"], "title");
}

/* Scripts that are put into the document run there and then, once. */
{
  const script = document.createElement("script");
  script.text = "ran = (window.ran || 0) + 1; seenScript = document.currentScript";
  document.head.append(script);
  equal([ran, seenScript === script, document.currentScript], [1, true, null], "a script runs");
  script.remove();
  document.head.append(script);
  equal(ran, 1, "once");
  const unknown = document.createElement("script");
  unknown.type = "text/template";
  unknown.text = "ran = 100";
  document.head.append(unknown);
  equal(ran, 1, "only scripts");
}

const frame = html => new Promise(done => {
  const element = document.createElement("iframe");
  element.srcdoc = html;
  element.onload = () => done(element);
  document.body.append(element);
});

(async () => {
  /* shows R-OR-03; HTML runs in order; errors in one script do not stop the next */
  let f = await frame("<script>var order = [document.readyState]</script><p>x</p><script>order.push(document.querySelectorAll('p').length)</script>" +
    "<script>addEventListener('DOMContentLoaded', () => order.push('parsed')); onload = () => order.push('loaded')</script>" +
    "<script type=module>order.push('module')</script><script>order.push(document.scripts.length)</script>");
  equal(f.contentWindow.order, ["loading", 1, 5, "module", "parsed", "loaded"], "the order of a page");
  equal([f.contentWindow.location.href, f.contentWindow.origin, f.contentDocument.baseURI === document.baseURI], ["about:srcdoc", origin, true], "srcdoc");
  equal(f.contentWindow.frameElement, f, "frameElement");

  /* a sandboxed frame: an origin of its own; shows R-AG-15, R-OR-01, R-WIN-03 */
  f.remove();
  f = document.createElement("iframe");
  f.sandbox = "allow-scripts";
  f.srcdoc = "<script>parent.postMessage([origin, originAgentCluster, crossOriginIsolated], '*')</script>";
  const heard = new Promise(done => onmessage = done);
  document.body.append(f);
  const { data, origin: from, source } = await heard;
  equal(data, ["null", true, false], "a sandboxed frame");
  equal([from, source === f.contentWindow], ["null", true], "origin and source");
  equal(thrown(() => f.contentWindow.document), "SecurityError", "refused");
  equal(thrown(() => f.contentWindow.x = 1), "SecurityError", "refused");
  equal(thrown(() => delete f.contentWindow.x), "SecurityError", "refused");
  equal(thrown(() => Object.defineProperty(f.contentWindow, "x", {})), "SecurityError", "refused");
  equal(thrown(() => f.contentWindow[5]), "SecurityError", "refused");
  equal(f.contentDocument, null, "no document");
  equal(Object.getOwnPropertyDescriptor(f.contentWindow, "location").configurable, true, "shown as configurable");
  equal([f.contentWindow.length, f.contentWindow.closed, f.contentWindow.top === window], [0, false, true], "allowed");
  equal(await Promise.resolve(f.contentWindow) === f.contentWindow, true, "then is undefined, so it can be awaited");
  onmessage = null;

  /* sandboxed away: no script runs */
  const quiet = document.createElement("iframe");
  quiet.sandbox = "allow-same-origin";
  quiet.srcdoc = "<script>ran = true</script>";
  await new Promise(done => { quiet.onload = done; document.body.append(quiet); });
  equal(quiet.contentWindow.ran, undefined, "no scripts");

  /* navigation: the proxy stays, the window goes; beforeunload may keep it; shows R-LIFE-02, R-WIN-01 */
  const going = await frame("<script>var left = []; onpagehide = e => left.push('pagehide ' + e.persisted); onunload = () => left.push('unload'); var mark = 1</script>");
  const w = going.contentWindow, left = w.left, old = w.eval("() => mark");
  await new Promise(done => { going.onload = done; going.srcdoc = "<script>var mark = 2</script>"; });
  equal([going.contentWindow === w, w.mark, old(), left], [true, 2, 1, ["pagehide false", "unload"]], "navigated");
  w.eval("onbeforeunload = () => 'stay'");
  w.location.reload();
  await new Promise(done => setTimeout(done, 20));
  equal(w.mark, 2, "it stayed");
  w.location.hash = "#here";
  equal(w.location.hash, "#here", "a fragment is no navigation");

  /* a page that no resource holds is made again, even from its own script */
  window.rounds = 0;
  await new Promise(done => { window.third = done; frame("<script>if (++parent.rounds < 3) location.reload(); else parent.third()</script>"); });
  equal(rounds, 3, "reloaded twice");

  /* a frame that goes while it is parsed; shows R-EL-11, R-LIFE-07 */
  const suicidal = document.createElement("iframe");
  suicidal.srcdoc = "<script>const p = parent; p.seen = 1; frameElement.remove(); p.seen = 2</script><script>p.seen = 3</script>";
  document.body.append(suicidal);
  await new Promise(done => setTimeout(done, 20));
  equal([seen, suicidal.contentWindow], [2, null], "the script finished, the next one never began");

  /* popups; shows R-WIN-04, R-WIN-05 */
  const popup = open("", "popup");
  equal([popup.location.href, popup.opener === window, popup.name, popup.parent === popup], ["about:blank", true, "popup", true], "a popup");
  popup.document.title = "here";
  equal(open("", "popup") === popup, true, "found by its name");
  equal(open("", "other", "noopener"), null, "noopener");
  equal(thrown(() => open("http://[bad")), "SyntaxError", "a bad URL");
  popup.close();
  equal(popup.closed, true, "closed at once");
  popup.close();
  document.body.append(document.createElement("iframe"));
  frames[0].close();
  equal(frames[0].closed, false, "a frame cannot be closed");

  /* postMessage; shows R-WM-01 */
  equal(thrown(() => postMessage()), "TypeError", "no message");
  equal(thrown(() => postMessage(1, "bad origin")), "SyntaxError", "a bad origin");
  equal(thrown(() => postMessage(() => {}, "*")), "DataCloneError", "what cannot be cloned");
  const got = [];
  onmessage = e => got.push([e.data, e.origin === origin, e.source === window]);
  postMessage("default");
  postMessage("slash", "/");
  postMessage("options", { targetOrigin: origin });
  postMessage("elsewhere", "https://elsewhere.example");
  await new Promise(done => setTimeout(done, 10));
  equal(got, [["default", true, true], ["slash", true, true], ["options", true, true]], "who may read");
  console.log("all checked");
})();
