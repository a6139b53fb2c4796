// Forms with data-passkey ask the browser for a passkey when they are sent: "create" makes one,
// "get" uses one. Options come with the page (data-options) or from an address
// (data-options-from). Where browser or page cannot, the form stays hidden.
"use strict";
(() => {
  const able = isSecureContext && window.webauthnJSON && webauthnJSON.supported();
  if (!able) return;
  for (const missing of document.querySelectorAll("[data-passkey-missing]")) missing.hidden = true;
  const options = async (form) => {
    if (form.dataset.options) return JSON.parse(document.getElementById(form.dataset.options).textContent);
    const answer = await fetch(form.dataset.optionsFrom, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(`no challenge: ${answer.status}`);
    return (await answer.json()).request_options;
  };
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false;
    const error = form.querySelector("[data-passkey-error]");
    const button = form.querySelector("button");
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      error.hidden = true;
      button.disabled = true;
      try {
        const answer = await webauthnJSON[form.dataset.passkey](await options(form));
        form.elements.credential.value = JSON.stringify(answer);
        form.submit();
      } catch {
        // Closed by the person, no passkey here, or one that is here already: all look alike.
        error.hidden = false;
        button.disabled = false;
        button.focus();
      }
    });
  }
})();
