/** The list with the item at `from` at the place `to`. */
export function moved(items, from, to) {
  const others = items.filter((_, at) => at !== from);
  return [...others.slice(0, to), items[from], ...others.slice(to)];
}
