exports.greet = (name) => `Hello, ${name}\n`;
