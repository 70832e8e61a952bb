// node scripts/report-plot.mjs DIR PICTURE.png: the plots of DIR/report.html as a picture, drawn by Chromium.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { chromium } from 'playwright-core';

const [folder, picture] = process.argv.slice(2);
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
if (picture === undefined || !existsSync(path.join(folder, 'report.html')) || !existsSync(executablePath)) {
  process.stderr.write(
    `usage: node scripts/report-plot.mjs DIR PICTURE.png (needs DIR/report.html, ${executablePath})\n`,
  );
  process.exit(2);
}
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
try {
  const page = await browser.newPage({ viewport: { width: 1200, height: 900 } });
  page.setDefaultTimeout(180_000);
  await page.goto(`file://${path.resolve(folder, 'report.html')}`);
  await page.locator('.plots').first().screenshot({ path: picture });
} finally {
  await browser.close();
}
