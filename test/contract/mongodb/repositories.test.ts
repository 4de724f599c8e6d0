import { vi } from 'vitest';
import '../../app/repository/alerts.test';
import '../../app/repository/budgets.test';
import '../../app/repository/calendars.test';
import '../../app/repository/conclude.test';
import '../../app/repository/deliveries.test';
import '../../app/repository/mutes.test';
import '../../app/repository/runQueue.test';
import '../../app/repository/runs.test';
import '../../app/repository/selfAlerts.test';
import '../../app/repository/settlements.test';

// What the tests of the repositories say of them over MongoDB, all of it, holds over the model.
vi.mock('mongodb', async () => (await import('./eitherDriver')).eitherDriver());
vi.mock('../../support/database', () => import('./modelDatabase'));
