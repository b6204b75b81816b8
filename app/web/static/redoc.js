"use strict";

// System fonts, because ReDoc's own would come from another host.
const fonts = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif";
const target = document.getElementById("redoc");
Redoc.init(
  target.dataset.specUrl,
  {
    theme: {
      typography: { fontFamily: fonts, headings: { fontFamily: fonts } },
    },
  },
  target,
);
