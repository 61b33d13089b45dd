-- own --
-- Give the views of somebody.
SELECT name, url FROM compliance.saved_view WHERE principal = $1 ORDER BY name;
