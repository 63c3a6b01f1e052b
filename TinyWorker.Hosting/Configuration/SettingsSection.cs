namespace TinyWorker.Hosting;

/// <summary>The sections of one kind of thing in the configuration, such as <c>TinyTroupes:{name}</c>, and what they may say.</summary>
internal abstract class SettingsSection<TSettings>
{
    /// <summary>The section of all of them.</summary>
    public abstract string Root { get; }

    /// <summary>What it is, with its article, for errors: "a troupe".</summary>
    public abstract string Kind { get; }

    /// <summary>A key for errors.</summary>
    public abstract string Example { get; }

    /// <summary>Every setting that can be said in the configuration.</summary>
    public abstract IReadOnlyList<Setting<TSettings>> All { get; }

    /// <summary>What the options have, too, and no text can say; with what to do instead.</summary>
    public abstract IReadOnlyDictionary<string, string> NotInConfiguration { get; }

    /// <summary>Where the settings keep what the configuration says and cannot be.</summary>
    public abstract List<string> ProblemsOf(TSettings settings);

    /// <summary>What is wrong with the settings as a whole.</summary>
    public virtual IEnumerable<string> Check(TroupeRegistration registration, TSettings settings) => [];
}

/// <summary>Paths of the configuration.</summary>
internal static class SettingsPath
{
    /// <summary>The path of a setting, or of the whole section.</summary>
    public static string Of(string root, string name, string? setting = null) =>
        setting is null ? $"{root}:{name}" : $"{root}:{name}:{setting}";
}
