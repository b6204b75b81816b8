"use strict";

// ReDoc's styled-components look for this name before they add their style elements.
window.__webpack_nonce__ = document.currentScript.dataset.styleNonce;
