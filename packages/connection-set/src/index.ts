export {
  type Audience,
  audience,
  type BroadcastOptions,
  type Broadcaster,
  type ConnectionSet,
  createConnectionSet,
  type Delivery,
} from './connection-set.js';
