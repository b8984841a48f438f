// Events along the tree of a document, and event handlers in attributes. A failed check is an uncaught error.
const equal = heddle.assertEqual;
const thrown = action => { try { action(); } catch (error) { return error.name; } return "nothing"; };
const element = (tag, parent) => { const made = document.createElement(tag); parent.append(made); return made; };

/* DOM "dispatch": down with those that capture, up with the others when the event bubbles. */
{
  const outer = element("div", document.body), inner = element("p", outer), seen = [];
  const names = new Map([[window, "window"], [document, "document"], [document.body, "body"], [outer, "outer"], [inner, "inner"]]);
  for (const target of names.keys())
    for (const capture of [false, true])
      target.addEventListener("told", e => {
        equal(e.target, inner, "target");
        equal(e.currentTarget, target, "current target");
        if (target === inner)
          equal(e.composedPath().map(x => names.get(x) ?? x.tagName), ["inner", "outer", "body", "HTML", "document", "window"], "path");
        seen.push(`${names.get(target)} ${e.eventPhase}`);
      }, capture);
  inner.dispatchEvent(new Event("told", { bubbles: true }));
  equal(seen, ["window 1", "document 1", "body 1", "outer 1", "inner 2", "inner 2", "outer 3", "body 3", "document 3", "window 3"], "order");
  seen.length = 0;
  const event = new Event("told");
  inner.dispatchEvent(event);
  equal(seen, ["window 1", "document 1", "body 1", "outer 1", "inner 2", "inner 2"], "it does not bubble");
  equal([event.eventPhase, event.currentTarget, event.composedPath()], [0, null, []], "afterwards");

  seen.length = 0;
  outer.addEventListener("told", e => e.stopPropagation(), true);
  inner.dispatchEvent(new Event("told", { bubbles: true }));
  equal(seen, ["window 1", "document 1", "body 1", "outer 1"], "stopped on the way down");

  const loose = document.createElement("p");
  equal(loose.dispatchEvent(new Event("told")), true, "a tree of its own");
  let reached = false;
  addEventListener("load", () => { reached = true; }, { capture: true, once: true });
  inner.dispatchEvent(new Event("load", { bubbles: true }));
  equal(reached, false, "load stays below the window");
}

/* HTML 8.1.8.1: handlers from attributes are compiled late, in the scope of their element. */
{
  const button = element("button", document.body);
  button.setAttribute("onclick", "ran.push([this === button, event.type, tagName, typeof getElementById]); return false");
  globalThis.button = button;
  globalThis.ran = [];
  equal(button.onclick.toString(), "function onclick(event) {\nran.push([this === button, event.type, tagName, typeof getElementById]); return false\n}", "text");
  equal(button.dispatchEvent(new Event("click", { cancelable: true })), false, "false cancels");
  equal(ran, [[true, "click", "BUTTON", "function"]], "this, event, element and document");
  button.removeAttribute("onclick");
  equal(button.onclick, null, "removed");

  const errors = [];
  addEventListener("error", e => { errors.push(e.error.name); e.preventDefault(); });
  for (const text of ["}", "return }, function () {", "{"]) {
    button.setAttribute("onclick", text);
    equal(button.onclick, null, "no function body");
    button.dispatchEvent(new Event("click"));
  }
  equal(errors, ["SyntaxError", "SyntaxError", "SyntaxError"], "each is reported once");

  const order = [];
  globalThis.order = order;
  button.setAttribute("onclick", "order.push(1)");
  button.addEventListener("click", () => order.push(2));
  button.onclick = () => order.push(3);
  button.dispatchEvent(new Event("click"));
  equal(order, [3, 2], "a handler keeps its place");

  document.body.setAttribute("onhashchange", "order.push(4)");
  dispatchEvent(new Event("hashchange"));
  equal([order.at(-1), typeof onhashchange, document.body.onhashchange === onhashchange], [4, "function", true], "the body's are the window's");
}

/* DOM "current event", createEvent */
{
  equal(window.event, undefined, "nothing is told");
  let during;
  document.body.addEventListener("now", e => { during = window.event === e; });
  document.body.dispatchEvent(new Event("now"));
  equal([during, window.event], [true, undefined], "while a listener runs");
  const event = document.createEvent("CustomEvent");
  equal(thrown(() => dispatchEvent(event)), "InvalidStateError", "not initialized");
  event.initCustomEvent("named", true, true, 5);
  equal([event instanceof CustomEvent, event.type, event.bubbles, event.detail], [true, "named", true, 5], "initialized");
  equal(thrown(() => document.createEvent("nothing of that name")), "NotSupportedError", "unknown");
}
