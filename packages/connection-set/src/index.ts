export {
  type Audience,
  audience,
  type Broadcaster,
  type BroadcastOptions,
  type ConnectionSet,
  createConnectionSet,
  type Delivery,
} from './connection-set.js';
