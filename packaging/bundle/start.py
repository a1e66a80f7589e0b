"""The bundle's first module: worker processes begin here as well."""

import multiprocessing

if __name__ == "__main__":
    multiprocessing.freeze_support()
    from deepcam.cli import main

    main()
