/** Text as a pattern of SCAN that matches nothing else. */
export const escapeGlob = (text: string): string => text.replace(/[\\*?[\]]/g, '\\$&');
