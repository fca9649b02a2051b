/* What every signed-in page does: the token for htmx, single-key shortcuts, dialogs, menus, toasts.

   data-open="#id"   opens that <dialog>          data-close    closes the dialog it stands in
   data-key="n"      on a link: the key (or two keys, "g t") that follows it
   details[data-menu] closes on a click elsewhere and on Escape
   An htmx answer may carry the header HX-Trigger: {"toast": {"text": "Moved", "state": "ok"}} and
   {"closeDialog": true}. Refusals come as {"mc:error": {"code", "message", "field"}}. A page may call window.mesoclinic.toast("Moved", "ok").
   Loaded after htmx, deferred; needs no inline script. */
(function () {
  "use strict";

  const body = document.body;
  const tokenTag = document.querySelector('meta[name="csrf-token"]');

  function toast(text, state) {
    const region = document.getElementById("toasts");
    if (!region || !text) return;
    // Said again, it stands there once.
    for (const one of region.children) if (one.children[1]?.textContent === text) one.remove();
    const box = document.createElement("div");
    box.className = "toast-mc" + (state === "stop" ? " toast-stop" : "");
    const icon = document.createElement("span");
    icon.className = "bi bi-" + (state === "stop" ? "exclamation-octagon" : "check-circle");
    icon.setAttribute("aria-hidden", "true");
    const words = document.createElement("span");
    words.textContent = text;
    const close = document.createElement("button");
    close.type = "button";
    close.className = "icon-button";
    close.setAttribute("aria-label", body.dataset.textClose || "Close");
    close.innerHTML = '<span class="bi bi-x-lg" aria-hidden="true"></span>';
    close.addEventListener("click", () => box.remove());
    box.append(icon, words, close);
    region.append(box);
    if (state !== "stop") window.setTimeout(() => box.remove(), 7000);
  }
  window.mesoclinic = { toast };

  /* htmx */
  body.addEventListener("htmx:configRequest", (event) => {
    if (tokenTag) event.detail.headers["X-CSRFToken"] = tokenTag.content;
  });
  body.addEventListener("toast", (event) => toast(event.detail.text, event.detail.state));
  body.addEventListener("closeDialog", () => {
    document.querySelectorAll("dialog[open]").forEach((dialog) => dialog.close());
  });
  body.addEventListener("htmx:sendError", () => toast(body.dataset.textFailed, "stop"));
  body.addEventListener("htmx:responseError", (event) => {
    const answer = event.detail.xhr;
    if (answer.status === 401) {
      if (!answer.getResponseHeader("HX-Redirect")) signInAgain();
    } else if (!answer.getResponseHeader("HX-Trigger")) {
      toast(answer.status === 403 ? body.dataset.textForbidden : body.dataset.textFailed, "stop");
    }
  });
  /* a refusal in words, from the server's domain errors */
  body.addEventListener("mc:error", (event) => {
    toast(event.detail.message || body.dataset.textFailed, "stop");
  });
  /* a session that ended answers a part of a page with the whole sign-in page: go there instead */
  body.addEventListener("htmx:beforeSwap", (event) => {
    const login = body.dataset.loginUrl;
    const answered = event.detail.xhr.responseURL;
    if (login && answered && new URL(answered).pathname === login && location.pathname !== login) {
      event.detail.shouldSwap = false;
      signInAgain();
    }
  });

  function signInAgain() {
    const next = encodeURIComponent(location.pathname + location.search);
    window.dispatchEvent(new Event("mesoclinic:leaving"));
    location.assign((body.dataset.loginUrl || "/accounts/login/") + "?next=" + next);
  }
  window.mesoclinic.signInAgain = signInAgain;

  /* dialogs */
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-open]");
    if (opener) {
      const dialog = document.querySelector(opener.dataset.open);
      if (dialog && dialog.showModal && !dialog.open) {
        opener.closest("details[data-menu]")?.removeAttribute("open");
        dialog.showModal();
      }
      return;
    }
    if (event.target.closest("[data-close]")) {
      event.target.closest("dialog")?.close();
      return;
    }
    if (event.target.nodeName === "DIALOG") {
      const box = event.target.getBoundingClientRect();
      const inside =
        event.clientX >= box.left && event.clientX <= box.right &&
        event.clientY >= box.top && event.clientY <= box.bottom;
      if (!inside && !event.target.hasAttribute("data-keep")) event.target.close();
    }
  });

  /* menus */
  document.addEventListener("click", (event) => {
    document.querySelectorAll("details[data-menu][open]").forEach((menu) => {
      if (!menu.contains(event.target)) menu.removeAttribute("open");
    });
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    document.querySelectorAll("details[data-menu][open]").forEach((menu) => {
      menu.removeAttribute("open");
      menu.querySelector("summary")?.focus();
    });
  });

  /* shortcuts; they can be switched off in the help dialog */
  const toggle = document.querySelector("[data-keys-toggle]");
  const keysOn = () => localStorage.getItem("mesoclinic.keys") !== "off";
  if (toggle) {
    toggle.checked = keysOn();
    toggle.addEventListener("change", () => {
      localStorage.setItem("mesoclinic.keys", toggle.checked ? "on" : "off");
    });
  }

  let first = "";
  let firstAt = 0;
  function typing(target) {
    return target.closest?.("input, textarea, select, [contenteditable='true'], dialog[open]");
  }
  function follow(keys) {
    for (const link of document.querySelectorAll("[data-key]")) {
      if (link.dataset.key === keys && link.getAttribute("href")) {
        link.click();
        return true;
      }
    }
    return false;
  }
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (typing(event.target) || !keysOn()) return;
    const key = event.key;
    if (key === "/") {
      const field = document.getElementById("find-input");
      if (field) {
        event.preventDefault();
        field.focus();
        field.select();
      }
    } else if (key === "?") {
      document.getElementById("help-dialog")?.showModal();
    } else if (first && Date.now() - firstAt < 1200 && follow(first + " " + key)) {
      event.preventDefault();
      first = "";
    } else if (key === "g") {
      first = "g";
      firstAt = Date.now();
    } else if (key.length === 1 && follow(key)) {
      event.preventDefault();
    }
  });
})();
