// Solves the proof of work of the sign-up form (ALTCHA, version 2): looks for a number whose derived key begins with
// the wanted octets. It begins with the page, so that it is done before an address is typed in.
(() => {
  const form = document.querySelector("form[data-challenge]");
  const field = form.elements.namedItem("altcha");
  const challenge = JSON.parse(form.dataset.challenge);
  const wanted = challenge.parameters;
  const octets = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
  const hex = (buffer) => Array.from(new Uint8Array(buffer), (octet) => octet.toString(16).padStart(2, "0")).join("");

  async function derive(counter) {
    const nonce = octets(wanted.nonce);
    const password = new Uint8Array(nonce.length + 4);
    password.set(nonce);
    new DataView(password.buffer).setUint32(nonce.length, counter);
    const key = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
    const how = { name: "PBKDF2", hash: "SHA-256", salt: octets(wanted.salt), iterations: wanted.cost };
    return hex(await crypto.subtle.deriveBits(how, key, wanted.keyLength * 8));
  }

  async function solve() {
    for (let counter = 0; ; counter += 1) {
      const derivedKey = await derive(counter);
      if (derivedKey.startsWith(wanted.keyPrefix)) {
        field.value = btoa(JSON.stringify({ challenge, solution: { counter, derivedKey } }));
        return;
      }
    }
  }

  const solved = solve();
  form.addEventListener("submit", (event) => {
    if (field.value) return;
    event.preventDefault();
    solved.then(() => form.requestSubmit());
  });
})();
