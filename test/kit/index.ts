export { hasTool } from './tools.js';
