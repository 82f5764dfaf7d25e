// Documents: each is a script that puts itself into `documents`, as file:// may not fetch.

const asked = new Map();

export function overview() {
  return self.documents?.overview;
}

/** A document by its file. */
export async function load(file) {
  await script(file);
  return self.documents[file];
}

/** Run a script once. */
export function script(file) {
  if (!asked.has(file)) {
    asked.set(file, new Promise((resolve, reject) => {
      const element = document.createElement("script");
      element.src = file;
      element.onload = resolve;
      element.onerror = () => reject(new Error(`${file} cannot be read. Make the page again: bench site.`));
      document.head.append(element);
    }));
  }
  return asked.get(file);
}
