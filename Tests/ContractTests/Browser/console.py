"""What everybody who uses the console with a browser does: sign in, go somewhere, look at the colours."""


def sign_in(page, url, user):
    """As a sample user of the all-in-one profile."""
    page.open(url + "/")
    page.wait_for_text("h1", "Overview")
    go(page, "/sign-in", "Sign in as")
    page.click(f"button[data-user={user}]")
    page.wait_for_text("#who", user)
    page.wait_for_text("h1", "Overview")


def go(page, path, heading):
    """Goes to a part of the console and waits until it is shown."""
    page.script(
        "const wanted = '#' + arguments[0];"
        # Each part has a heading of its own, so the one that is shown now will go.
        "document.querySelector('h1').dataset.old = '';"
        "if (location.hash === wanted) dispatchEvent(new HashChangeEvent('hashchange')); else location.hash = wanted;", path)
    page.wait_for_text("h1:not([data-old])", heading)
    page.wait(lambda: page.script("return !document.querySelector('main').hasAttribute('aria-busy')"), f"{path} to be shown")


def assert_contrast(page):
    """Every text that is shown stands out from its ground: 4.5 to 1, as WCAG 2.2 has it for level AA."""
    weak = page.script(CONTRAST)
    assert not weak, f"too little contrast: {weak}"


CONTRAST = """
const parse = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number);
const over = ([r, g, b, a = 1], under) => [r, g, b].map((value, index) => value * a + under[index] * (1 - a));
const ground = (element) => {
  if (!element) return [255, 255, 255];
  const colour = parse(getComputedStyle(element).backgroundColor);
  return (colour[3] ?? 1) === 1 ? colour.slice(0, 3) : over(colour, ground(element.parentElement));
};
const luminance = (colour) => {
  const [r, g, b] = colour.map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const found = [];
const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (texts.nextNode()) {
  const element = texts.currentNode.parentElement;
  if (!texts.currentNode.data.trim() || !element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
  if (element.closest("noscript, [aria-busy], :disabled")) continue;
  const under = ground(element);
  const [a, b] = [luminance(over(parse(getComputedStyle(element).color), under)), luminance(under)];
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (ratio < 4.5) found.push(`${ratio.toFixed(2)}: ${element.outerHTML.slice(0, 100)}`);
}
return found.slice(0, 5);
"""
