/** The normal form of a URI, so that one party has one name (RFC 3986, 6.2.2 and 6.2.3). */

const PARTS = /^(?:([^:/?#]+):)?(?:\/\/([^/?#]*))?([^?#]*)(\?[^#]*)?(#.*)?$/s;
const PORTS = { http: '80', https: '443', ws: '80', wss: '443', ftp: '21' };

/** By case, percent-encoding, dot segments, default port and empty path. @param {string} uri */
export function normal(uri) {
  const [, given, authority, ...rest] = PARTS.exec(uri);
  const scheme = given?.toLowerCase();
  let [path, query, fragment] = rest.map((part = '') => escapes(part));
  if (authority !== undefined) path = withoutDots(path) || (scheme in PORTS ? '/' : '');
  else if (scheme === 'did' && path.startsWith('web:')) {
    path = path.replace(/^web:([^:]*)/, (all) => lower(all));
  }
  const where = authority === undefined ? '' : `//${host(escapes(authority), scheme)}`;
  return (scheme === undefined ? '' : `${scheme}:`) + where + path + query + fragment;
}

/** CNS-11: where a body names a party other than in normal form. @param {{id?: string}} party @returns {(string | number)[][]} */
export const misnamed = ({ id }, ...path) => (id !== undefined && normal(id) !== id ? [['body', ...path, 'id']] : []);

/** Percent-encoding in upper case, and none where it isn't needed. */
const escapes = (text) => text.replace(/%([0-9A-Fa-f]{2})/g, (all, hex) => {
  const char = String.fromCharCode(parseInt(hex, 16));
  return /[A-Za-z0-9._~-]/.test(char) ? char : all.toUpperCase();
});

const lower = (name) => escapes(name.toLowerCase());

function host(authority, scheme) {
  const [, user, name, port] = /^(.*@)?(.*?)(?::([0-9]*))?$/s.exec(authority);
  const bare = port?.replace(/^0+(?=.)/, '');
  return (user ?? '') + lower(name.replace(/\.+$/, '') || name) + (bare && bare !== PORTS[scheme] ? `:${bare}` : '');
}

/** RFC 3986, 5.2.4. */
function withoutDots(path) {
  const kept = [];
  const segments = path.split('/');
  segments.forEach((segment, i) => {
    const last = i === segments.length - 1;
    if (segment === '..' && kept.length > 1) kept.pop();
    if (segment !== '.' && segment !== '..') kept.push(segment);
    else if (last) kept.push('');
  });
  return kept.join('/');
}
