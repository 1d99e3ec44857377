"""Which framework a PHP service is built on, and where its front controller is: an ordered table."""

from __future__ import annotations

from dataclasses import dataclass

from analyzer import confidence
from analyzer.languages.php.composer import Composer
from analyzer.project import Project


@dataclass(frozen=True, slots=True)
class Framework:
    """A framework, the packages and files that stand for it, and its usual document root."""

    name: str
    packages: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    root: str = "."
    writable: tuple[str, ...] = ()
    """Folders that it writes at run time."""
    extensions: tuple[str, ...] = ()
    """Extensions of PHP that it needs without saying so to Composer."""


TABLE = (
    Framework("lumen", ("laravel/lumen-framework",), (), "public", ("storage",)),
    Framework("laravel", ("laravel/framework",), (), "public", ("storage", "bootstrap/cache"), ("bcmath", "pcntl")),
    Framework("wordpress", ("roots/wordpress", "johnpbloch/wordpress"), (), "web", ("web/app/uploads",), ("mysqli",)),
    Framework(
        "drupal",
        ("drupal/core-recommended", "drupal/core", "drupal/recommended-project"),
        ("core/lib/Drupal.php",),
        "web",
        ("web/sites/default/files",),
        ("gd",),
    ),
    Framework("magento", ("magento/product-community-edition",), (), "pub", ("var", "generated", "pub/media")),
    Framework("shopware", ("shopware/core",), (), "public", ("var", "files", "public/media")),
    Framework("craft", ("craftcms/cms",), ("craft",), "web", ("storage", "web/cpresources")),
    Framework("typo3", ("typo3/cms-core",), (), "public", ("var", "public/fileadmin")),
    Framework("symfony", ("symfony/framework-bundle", "symfony/symfony"), ("symfony.lock",), "public", ("var",)),
    Framework("cakephp", ("cakephp/cakephp",), (), "webroot", ("logs", "tmp"), ("intl",)),
    Framework(
        "codeigniter",
        ("codeigniter4/framework", "codeigniter/framework"),
        ("system/CodeIgniter.php", "system/core/CodeIgniter.php"),
        "public",
        ("writable",),
        ("intl", "mysqli"),
    ),
    Framework("yii", ("yiisoft/yii2", "yiisoft/yii"), ("framework/yii.php",), "web", ("runtime", "web/assets")),
    Framework("laminas", ("laminas/laminas-mvc", "zendframework/zend-mvc"), (), "public", ("data/cache",)),
    Framework("mezzio", ("mezzio/mezzio",), (), "public", ("data/cache",)),
    Framework("thinkphp", ("topthink/framework",), ("think",), "public", ("runtime",)),
    Framework("phalcon", ("phalcon/devtools",), (), "public"),
    Framework("fuelphp", ("fuel/core",), ("oil",), "public", ("fuel/app/cache", "fuel/app/logs")),
    Framework("flight", ("mikecao/flight", "flightphp/core")),
    Framework("fat-free", ("bcosca/fatfree", "bcosca/fatfree-core")),
    Framework("leaf", ("leafs/leaf",)),
    Framework("silex", ("silex/silex",), (), "web"),
    Framework("slim", ("slim/slim",), (), "public"),
    Framework(
        "wordpress",
        (),
        ("wp-config.php", "wp-config-sample.php", "wp-load.php", "wp-settings.php"),
        ".",
        ("wp-content/uploads",),
        ("mysqli", "exif", "gd", "zip"),
    ),
)
LARAVEL_COMMAND = "artisan"


def find(project: Project, composer: Composer) -> Framework | None:
    """The framework, after its candidate was added."""
    for framework in TABLE:
        if package := composer.requires(*framework.packages):
            reason = f"composer.json requires {package}"
            where = composer.evidence(package)
            project.findings.add("framework", framework.name, confidence.DECLARED, reason, where)
            return framework
    if project.view.has(LARAVEL_COMMAND) and composer.there:
        where = project.view.evidence(LARAVEL_COMMAND, 1)
        project.findings.add("framework", "laravel", confidence.PROVEN, "artisan is there, Laravel's command", where)
        return next(framework for framework in TABLE if framework.name == "laravel")
    return _by_files(project)


def _by_files(project: Project) -> Framework | None:
    for framework in TABLE:
        if found := project.view.first(*framework.files):
            where = project.view.evidence(found, 1)
            project.findings.add("framework", framework.name, confidence.PROVEN, f"{found} is part of it", where)
            return framework
    return None
