using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace TinyWorker.Hosting;

/// <summary>
/// Reads the section of a troupe into its settings, after all code that configures them, so that the configuration wins; and says all that
/// is wrong with it at once.
/// </summary>
internal sealed class SettingsFromConfiguration<TSettings>(
    SettingsSection<TSettings> section, TroupeRegistry registry, IServiceProvider services)
    : IPostConfigureOptions<TSettings>, IValidateOptions<TSettings>, IStraySections
    where TSettings : class
{
    public IEnumerable<string> Strays() =>
        services.GetService<IConfiguration>() is not { } configuration ? [] : configuration.GetSection(section.Root).GetChildren()
            .Where(child => registry.Find(section.Root, child.Key) is null).Select(child => child.Path);

    public string Names => string.Join(", ", registry.Registrations.Where(each => each.Root == section.Root).Select(each => each.Name));

    public void PostConfigure(string? name, TSettings options)
    {
        if (name is null || registry.Find(section.Root, name) is null) return;
        if (services.GetService<IConfiguration>() is not { } configuration) return;
        var own = configuration.GetSection(SettingsPath.Of(section.Root, name));
        var problems = section.ProblemsOf(options);
        if (!string.IsNullOrEmpty(own.Value))
            problems.Add($"{own.Path} is '{own.Value}', and must be a section, with keys such as {section.Example}.");
        foreach (var child in own.GetChildren())
        {
            if (ProblemOf(child, options) is { } problem) problems.Add($"{child.Path} {problem}.");
        }
    }

    public ValidateOptionsResult Validate(string? name, TSettings options)
    {
        if (name is null || registry.Find(section.Root, name) is not { } registration) return ValidateOptionsResult.Skip;
        List<string> problems = [.. section.ProblemsOf(options), .. section.Check(registration, options)];
        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }

    private string? ProblemOf(IConfigurationSection child, TSettings settings)
    {
        if (section.NotInConfiguration.TryGetValue(child.Key, out var instead)) return $"cannot be set here: it {instead}";
        var setting = section.All.FirstOrDefault(each => each.Name.Equals(child.Key, StringComparison.OrdinalIgnoreCase));
        if (setting is null)
            return $"is no setting of {section.Kind}. There are: {string.Join(", ", section.All.Select(each => each.Name))}";
        string?[] items = [.. child.GetChildren().Select(static item => item.Value)];
        if (items.Length > 0 && setting.BindList is null) return "has keys of its own, and must be one value";
        if (items.Length > 0) return setting.BindList!(settings, items) is { } wrongItem ? $"cannot be: {wrongItem}" : null;
        if (setting.Bind(settings, child.Value) is not { } wrong) return null;
        return setting.IsSecret ? $"cannot be: it {wrong}" : $"is '{child.Value}': it {wrong}";
    }
}

/// <summary>Tells of sections that belong to nothing.</summary>
internal interface IStraySections
{
    /// <summary>Their paths.</summary>
    IEnumerable<string> Strays();

    /// <summary>The names that there are.</summary>
    string Names { get; }
}
