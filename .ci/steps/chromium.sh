# pages in a browser
need chromium
tests chromium
