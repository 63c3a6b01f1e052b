using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace TinyWorker.Hosting;

/// <summary>
/// Reads the section of a troupe into its settings, after all code that configures them, so that the configuration wins; and says all that
/// is wrong with it at once.
/// </summary>
internal sealed class SettingsFromConfiguration(TroupeRegistry registry, IServiceProvider services)
    : IPostConfigureOptions<TinyTroupeSettings>, IValidateOptions<TinyTroupeSettings>
{
    public const string Root = "TinyTroupes";

    /// <summary>The path of a setting, or of the whole section.</summary>
    public static string Path(string troupe, string? setting = null) =>
        setting is null ? $"{Root}:{troupe}" : $"{Root}:{troupe}:{setting}";

    /// <summary>The sections that belong to no troupe.</summary>
    public static IEnumerable<string> Strays(IServiceProvider services, TroupeRegistry registry) =>
        services.GetService<IConfiguration>() is not { } configuration ? [] : configuration.GetSection(Root).GetChildren()
            .Where(section => registry.Find(section.Key) is null).Select(section => section.Path);

    public void PostConfigure(string? name, TinyTroupeSettings options)
    {
        if (name is null || registry.Find(name) is null || services.GetService<IConfiguration>() is not { } configuration) return;
        var section = configuration.GetSection(Path(name));
        if (!string.IsNullOrEmpty(section.Value))
            options.Problems.Add($"{section.Path} is '{section.Value}', and must be a section, with keys such as Workers.");
        foreach (var child in section.GetChildren())
        {
            if (ProblemOf(child, options) is { } problem) options.Problems.Add($"{child.Path} {problem}.");
        }
    }

    public ValidateOptionsResult Validate(string? name, TinyTroupeSettings options)
    {
        if (name is null || registry.Find(name) is not { } registration) return ValidateOptionsResult.Skip;
        List<string> problems = [.. options.Problems];
        var backend = registration.BackendOf(options);
        if (!Enum.IsDefined(options.Backend))
        {
            problems.Add($"{Path(name, nameof(options.Backend))} is {options.Backend}, and must be one of the TroupeBackend values.");
        }
        // Such a troupe is refused as a whole, with an error that says more.
        else if (backend != TroupeBackend.Processes || registration.IsMadeByHand)
        {
            problems.AddRange(
                from setting in Setting.OfOneBackend
                where setting.Backend != backend && setting.IsSet(options)
                select $"{Path(name, setting.Name)} is for the back-end {setting.Backend} only, and the back-end of '{name}' is " +
                    $"{backend}. Remove it, or set {Path(name, nameof(options.Backend))} to {setting.Backend}.");
        }

        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }

    private static string? ProblemOf(IConfigurationSection child, TinyTroupeSettings settings)
    {
        if (Setting.NotInConfiguration.TryGetValue(child.Key, out var instead)) return $"cannot be set here: it {instead}";
        var setting = Setting.All.FirstOrDefault(each => each.Name.Equals(child.Key, StringComparison.OrdinalIgnoreCase));
        if (setting is null) return $"is no setting of a troupe. There are: {string.Join(", ", Setting.All.Select(each => each.Name))}";
        if (child.GetChildren().Any()) return "has keys of its own, and must be one value";
        return setting.Bind(settings, child.Value) is { } wrong ? $"is '{child.Value}': it {wrong}" : null;
    }
}
