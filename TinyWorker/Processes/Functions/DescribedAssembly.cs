using System.Diagnostics.CodeAnalysis;
using System.Reflection;

namespace TinyWorker.Processes.Functions;

/// <summary>An assembly that a function needs: its name, the build (module version id), and where it was loaded from.</summary>
[RequiresUnreferencedCode(TravellingFunction.Reflects)]
internal sealed record DescribedAssembly(string FullName, Guid Build, string Location)
{
    /// <summary>Describes an assembly of this process for another process.</summary>
    /// <exception cref="CannotTravelException">It exists in memory only.</exception>
    public static DescribedAssembly Of(Assembly assembly)
    {
        var name = assembly.FullName!;
        if (assembly.IsDynamic)
        {
            throw new CannotTravelException(
                $"it needs code that was made while the program runs ('{name}'). Pass a method that stands in an assembly on disk.");
        }

        var described = new DescribedAssembly(name, assembly.ManifestModule.ModuleVersionId, LocationOf(assembly));
        // The assemblies of a single-file program have no location, but can be loaded by their names.
        if (described.Location.Length == 0 && described.LoadByName()?.ManifestModule.ModuleVersionId != described.Build)
        {
            throw new CannotTravelException(
                $"the assembly '{name}' was loaded from memory. Load it from a file, so that the other process can load it too.");
        }

        return described;
    }

    /// <summary>The same build of the assembly, in this process.</summary>
    /// <exception cref="InvalidOperationException">There is none, or another build.</exception>
    public Assembly Load()
    {
        var assembly = LoadByName() ?? LoadFromLocation();
        var build = assembly.ManifestModule.ModuleVersionId;
        if (build == Build) return assembly;
        throw new InvalidOperationException(
            $"This process has another build of '{FullName}' ({build}, from '{LocationOf(assembly)}') " +
            $"than the one that made the troupe ({Build}, from '{Location}'). " +
            "Build once, restart the program, and leave its files alone while it runs.");
    }

    private Assembly? LoadByName()
    {
        // Its name has a key. To read that would compile code in each start.
        var core = typeof(object).Assembly;
        if (FullName == core.FullName) return core;
        try
        {
            return Assembly.Load(new AssemblyName(FullName));
        }
        catch (Exception e) when (e is IOException or BadImageFormatException)
        {
            return null;
        }
    }

    private Assembly LoadFromLocation()
    {
        try
        {
            if (Location.Length > 0) return Assembly.LoadFrom(Location);
        }
        catch (Exception e) when (e is IOException or BadImageFormatException)
        {
            throw Missing(e);
        }

        throw Missing(cause: null);
    }

    private InvalidOperationException Missing(Exception? cause) =>
        new($"This process cannot load '{FullName}', which its parent has{(Location.Length > 0 ? $" from '{Location}'" : "")}.", cause);

    [UnconditionalSuppressMessage("SingleFile", "IL3000", Justification = "Empty is a case of its own.")]
    private static string LocationOf(Assembly assembly) => assembly.Location;
}
