/** A row filter as a module of its own: worker threads load it. A value says for how many microseconds it lives. */
export const shortLived = {
  name: 'short-lived',
  version: 1,
  keep: (key, value, timestamp) => {
    const text = Buffer.from(value).toString();
    if (text === 'throw') throw new Error(`refused ${Buffer.from(key).toString()}`);
    if (text === 'never') return false;
    return text.startsWith('for-') ? timestamp + Number(text.slice(4)) : true;
  },
};
