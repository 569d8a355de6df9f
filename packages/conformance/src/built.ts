/**
 * A file of this package as it is built: what another process can import.
 * Sources and built files both lie one level below the package, so this holds wherever it is called.
 */
export const built = (file: string): URL => new URL(`../dist/${file}`, import.meta.url);
